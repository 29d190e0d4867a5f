# CRLs from the store to the client: what is revoked is on the list that nginx serves.
use strict;
use warnings;
use Enroll::Revocation;
use Enroll::Test;

ca_init();
start_signerd(revocation_config());
start_nginx(revocation_nginx());
allow_log(qr/signerd/);

my $empty = wait_for_crl('/issuing.crl', sub { 1 });
like(crl_text($empty), qr/No Revoked Certificates/, 'the first list is empty');
like(crl_text($empty), qr/Issuer: .*Example Issuing CA/, 'of the issuing CA');
is(run({in => $empty}, qw(openssl crl -inform DER -noout -CAfile), path('ca/issuing.pem'))->{err},
    "verify OK\n", 'its signature');
my ($number) = crl_text($empty) =~ /X509v3 CRL Number: \s*(\d+)/;
like(crl_text($empty), qr/Authority Key Identifier/, 'authority key identifier');
like(crl_text($empty), qr/Issuing Distribution Point: critical\s+Only User Certificates/,
    'issuing distribution point');

my %serial = map { $_ => (enroll($_))[1] } qw(one two three);
is(revoke($serial{one}, qw(--reason keyCompromise))->{status}, 0, 'revoked');
my $one = wait_for_crl('/issuing.crl', sub { $_[0] =~ /Serial Number/ });
is_deeply([crl_serials($one)], [$serial{one}], 'it is on the list');
like(crl_text($one), qr/Key Compromise/, 'with the reason');
cmp_ok((crl_text($one) =~ /CRL Number: \s*(\d+)/)[0], '>', $number, 'the number has grown');
is(run({in => $one}, qw(openssl crl -inform DER -noout -CAfile), path('ca/issuing.pem'))->{err},
    "verify OK\n", 'its signature');

# A verifier that looks at the list.
write_file('list.pem', run({in => $one}, qw(openssl crl -inform DER))->{out});
sub verify {
    my ($name) = @_;
    return run(qw(openssl verify -crl_check -trusted), path('ca/root.pem'), '-untrusted',
        path('ca/issuing.pem'), '-CRLfile', path('list.pem'), path("$name.pem"));
}
like(verify('one')->{err}, qr/certificate revoked/, 'openssl verify refuses it');
is(verify('two')->{status}, 0, 'and takes another one');

revoke($serial{two}, qw(--reason certificateHold));
is_deeply([crl_serials(wait_for_crl('/issuing.crl', sub { $_[0] =~ /Certificate Hold/ }))],
    [sort @serial{qw(one two)}], 'on hold: on the list');
is(signerctl('release', $serial{two})->{status}, 0, 'released');
is_deeply([crl_serials(wait_for_crl('/issuing.crl', sub { $_[0] !~ /Certificate Hold/ }))],
    [$serial{one}], 'and off the list');

# The last list outlives signerd, and nginx.
my $before = crl()->{body};
stop('signerd');
is(crl()->{body}, $before, 'served while signerd is away');
stop('nginx');
start_nginx(revocation_nginx());
is(crl()->{body}, $before, 'and by an nginx that was started without it');

start_signerd(revocation_config());
my $status = JSON::PP::decode_json(signerctl(qw(--json status))->{out});
is($status->{cas}[0]{crl}{number} + 0, (crl_text($before) =~ /CRL Number: \s*(\d+)/)[0],
    'a restart keeps the list');
revoke($serial{three});
is_deeply([crl_serials(wait_for_crl('/issuing.crl', sub { $_[0] =~ /$serial{three}/i }))],
    [sort @serial{qw(one three)}], 'what is revoked then gets there');

my $published = signerctl(qw(--json crl publish));
is($published->{status}, 0, 'signerctl crl publish') or diag $published->{err};
$number = JSON::PP::decode_json($published->{out})->{crls}[0]{number};
wait_for_crl('/issuing.crl', sub { $_[0] =~ /CRL Number: \s*$number\b/ });
pass('what it tells of is served');

my @rows = grep { $_->{operation} eq 'crl' } audit_rows();
is($rows[0]{decision}, 'allow', 'lists are in the audit log');
like($rows[-1]{detail}, qr/^CA issuing: CRL $number, 2 entries$/, 'with number and size');
like(signerctl(qw(audit verify))->{out}, qr/chain intact/, 'the chain is intact');
