# Renewals by SCEP: signed with the certificate that they renew, as RenewalReq and as PKCSReq,
# for the same key and for a new one, without a challenge (RFC 8894 2.3, 2.4).
use strict;
use warnings;
use Enroll::Forge;
use Enroll::Test;

ca_init();
my $config = scep_config();
my %device = %{$config->{profiles}{device}};
$config->{profiles}{other} = {%device};
$config->{profiles}{heir} = {%device, scep => {challenges => ['lab'], renewal => {from_profiles => ['device'], change_subject => JSON::PP::true()}}};
$config->{profiles}{closed} = {%device};
delete $config->{profiles}{closed}{scep};
start_scep(config => $config, locations => scep_location('/scep', join ' ', map { "scep_label $_ $_;" } qw(other heir closed)));

sub serial { my ($pem) = @_; return cert_text($pem, '-serial') =~ s/serial=|\s//gr }
sub subject { my ($pem) = @_; return cert_text($pem, '-subject') =~ s/^subject=\s*|\s*$//gr }
sub detail { return (audit_rows())[-1]{detail} }
my $renewals = 0;
sub renew {
    my ($name, %option) = @_;
    return exchange($name, type => 17, transaction => 'renewal-' . $renewals++, %option);
}

client('phone', subject => '/O=Example/CN=phone');
my $first = succeeds(exchange('phone'), 'phone', 'enrolment');
use_certificate('phone', $first);

# --- what is accepted ---

my @plain = (subject => '/O=Example/CN=phone');
client_csr('phone', @plain);
for my $type (17, 19) {
    my $pem = succeeds(renew('phone', type => $type), 'phone', "messageType $type without a challenge");
    isnt(serial($pem), serial($first), 'is a certificate of its own');
    is(subject($pem), subject($first), 'with the same name');
}
client_csr('phone', @plain, challenge => 'open sesame');
succeeds(renew('phone'), 'phone', 'the right challenge');
new_key('next', qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048));
client_csr('phone', @plain, key => 'next');
for my $type (17, 19) {
    succeeds(renew('phone', type => $type), 'next', "messageType $type for a new key");
}
new_key('curve');
client_csr('phone', @plain, key => 'curve');
my $reply = renew('phone', transaction => 'again');
my $curve = succeeds($reply, 'curve', 'for an EC key: the old one opens the answer');
is(serial(certificate_of(renew('phone', transaction => 'again'))), serial($curve), 'the same transactionID: the same certificate');
my ($row) = reverse grep { $_->{decision} eq 'allow' } audit_rows();
is("$row->{protocol} $row->{operation} $row->{serial}", 'scep renew ' . lc serial($curve), 'the audit record');

client_csr('phone', @plain);
use_certificate('phone', $first);
succeeds(renew('phone'), 'phone', 'a certificate is renewed more than once');

# --- what is not ---

client_csr('phone', @plain, challenge => 'open barley');
for my $type (17, 19) {
    fails(renew('phone', type => $type), 2, "messageType $type: a wrong challenge");
}
for my $subject ('/O=Example/CN=tablet', '/CN=phone', '/O=Example/OU=lab/CN=phone') {
    client_csr('phone', subject => $subject);
    fails(renew('phone'), 2, "another name: $subject");
}
client_csr('phone', @plain);
fails(renew('phone', http => {path => '/scep/other'}), 2, 'in a profile that does not renew those of this one');
fails(renew('phone', http => {path => '/scep/closed'}), 2, 'in a profile without SCEP');
client('young', challenge => undef);
fails(renew('young'), 2, 'RenewalReq with a certificate that the client made itself');
client_csr('young', challenge => 'open sesame');
fails(renew('young'), 2, 'even with the right challenge');

# --- what a profile allows beyond ---

client_csr('phone', subject => '/O=Example/CN=tablet');
my $heir = succeeds(renew('phone', http => {path => '/scep/heir'}), 'phone', 'from_profiles, change_subject');
like(subject($heir), qr/CN ?= ?tablet/, 'the new name');

# --- revoked ---

is(signerctl('revoke', serial($first))->{status}, 0, 'revoked');
client_csr('phone', @plain);
for my $type (17, 19) {
    my $refused = renew('phone', type => $type);
    fails($refused, 2, "messageType $type: revoked");
    unlike($refused->{text}, qr/revoked/, 'which the answer does not tell');
    like(detail(), qr/revoked/, 'but the audit record');
}
client_csr('phone', @plain, challenge => 'open sesame');
fails(renew('phone'), 2, 'revoked, with the right challenge');
