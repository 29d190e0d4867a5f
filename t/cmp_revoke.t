# rr: by the openssl command, for its own certificate; not for others; not twice.
use strict;
use warnings;
use Enroll::CmpSite;

start_cmp(config => cmp_config(implicit_confirm => JSON::PP::true()));
enrolled($_) for qw(one two three);

sub rr {
    my ($signer, $revoked, @more) = @_;
    return cmp('rr', by_certificate($signer), '-oldcert', path("$revoked.pem"), @more);
}

# "revoked" with the reason, or "good".
sub state_of {
    my ($name) = @_;
    my ($serial) = cert_text(read_file("$name.pem"), '-serial') =~ /serial=(\w+)/;
    my ($found) = grep { $_->{serial} eq lc $serial } @{JSON::PP::decode_json(signerctl(qw(--json cert list))->{out})->{certificates}};
    return join ' ', grep { defined } @$found{qw(status reason)};
}

refused(rr('one', 'two'), 'badCertId', 'the certificate of another');
is(state_of('two'), 'good', 'which stays as it is');
my $result = rr('one', 'one', '-revreason', 1);
is($result->{status}, 0, 'its own') or diag said($result), error_log();
is(state_of('one'), 'revoked keyCompromise', 'is revoked');
refused(rr('one', 'one', '-revreason', 1), 'certRevoked', 'once more');

my $mac = cmp('rr', by_secret(), '-oldcert', path('three.pem'));
refused($mac, 'wrongIntegrity', 'by a secret');
is(state_of('three'), 'good', 'nothing came of it');

certify('ra', ca => 'ra-ca', extensions => "keyUsage=digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.28");
$result = rr('ra', 'three');
is($result->{status}, 0, 'an RA, for another') or diag said($result), error_log();
like(state_of('three'), qr/^revoked/, 'is revoked');
