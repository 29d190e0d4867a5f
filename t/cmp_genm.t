# General messages: what a client may ask beside certificates, several things at once, and what
# nobody knows.
use strict;
use warnings;
use Enroll::CmpSite;

my $config = cmp_config();
$config->{cas}{issuing}{crl} = {enabled => JSON::PP::true()};
certify_encryption();
start_cmp(config => $config, locations => cmp_location('/cmp', 'cmp_encryption_certificate %%DIR%%/encryption.pem;')
    . cmp_location('/bare'));
device('one');

sub certify_encryption {
    ca_init();
    return certify('encryption', ca => 'ca', extensions => 'keyUsage=keyEncipherment');
}

# The infos of the answer, by type; undef when it is none.
sub infos {
    my ($ask, %option) = @_;
    my $reply = ask('one', 'genm', ask => $ask, %option);
    return $reply->{infos} if $reply->{type} eq 'genp';
    diag explain $reply;
    return;
}

sub in_hex { my ($file) = @_; return unpack 'H*', must(qw(openssl x509 -outform DER -in), path($file)) }

# --- each of them ---

my %oid = map { $_->[0] => "1.3.6.1.5.5.7.4.$_->[1]" } [caProtEncCert => 1], [signKeyPairTypes => 2],
    [encKeyPairTypes => 3], [preferredSymmAlg => 4], [currentCRL => 6], [unsupportedOIDs => 7], [caCerts => 17],
    [rootCaKeyUpdate => 18], [certReqTemplate => 19], [rootCaCert => 20], [crlStatusList => 22], [crls => 23];

my $certificates = infos('caCerts')->{$oid{caCerts}};
ok(index($certificates, in_hex("ca/$_.pem")) >= 0, "caCerts: $_") for qw(issuing root);
is(infos('caProtEncCert')->{$oid{caProtEncCert}}, in_hex('encryption.pem'), 'caProtEncCert');
is(infos('caProtEncCert', http => {path => '/bare'})->{$oid{caProtEncCert}}, '', 'without one the value is absent');
is(infos('preferredSymmAlg')->{$oid{preferredSymmAlg}}, '300b060960864801650304012a', 'preferredSymmAlg: AES-256-CBC');
like(infos('signKeyPairTypes')->{$oid{signKeyPairTypes}}, qr/^30.*06072a8648ce3d0201/, 'signKeyPairTypes: EC among them');
like(infos('certReqTemplate')->{$oid{certReqTemplate}}, qr/^30/, 'certReqTemplate');
is(infos('rootCaCert:@' . path('ca/root.pem'))->{$oid{rootCaKeyUpdate}}, '', 'rootCaCert: nothing takes its place');

# --- CRLs ---

my $known;
ok(wait_until(sub { $known = infos('currentCRL')->{$oid{currentCRL}} }), 'currentCRL');
my $crl = write_file('current.crl', pack 'H*', $known // '');
my $verified = run(qw(openssl crl -inform DER -noout -verify -CAfile), path('ca/issuing.pem'), '-in', $crl);
like($verified->{err}, qr/verify OK/, 'it is the CA\'s');

sub name_of {
    my ($file) = @_;
    my $der = must(qw(openssl x509 -outform DER -in), path($file));
    my $text = run({in => $der}, qw(openssl asn1parse -inform DER))->{out};
    my @sequences = $text =~ /^\s*(\d+):d=2\s+hl=(\d)\s+l=\s*(\d+) cons: SEQUENCE/mg;
    my ($start, $head, $size) = @sequences[9 .. 11];    # behind the algorithm, issuer, validity
    return substr $der, $start, $head + $size;
}

sub tlv { my ($tag, $value) = @_; my $n = length $value; return chr($tag) . ($n < 128 ? chr $n : "\x81" . chr $n) . $value }

# CRLStatus of an issuer, with thisUpdate as GeneralizedTime or without.
sub status_list {
    my ($time) = @_;
    my $issuer = tlv(0xa1, tlv(0x30, tlv(0xa4, name_of('ca/issuing.pem'))));
    return 'crlStatusList:' . unpack 'H*', tlv(0x30, tlv(0x30, $issuer . (defined $time ? tlv(0x18, $time) : '')));
}
like(infos(status_list())->{$oid{crls}}, qr/\Q$known\E$/, 'crlStatusList: without thisUpdate, what there is');
like(infos(status_list('20200101000000Z'))->{$oid{crls}}, qr/\Q$known\E$/, 'and what is newer than the client\'s');
is(infos(status_list('20491231000000Z'))->{$oid{crls}}, '', 'not what is older');

# --- several, and none ---

my $all = infos(join ',', qw(caCerts caProtEncCert certReqTemplate currentCRL signKeyPairTypes preferredSymmAlg 1.2.3.4));
is(join(' ', sort keys %$all),
    join(' ', sort(map({ $oid{$_} } qw(caCerts caProtEncCert certReqTemplate currentCRL signKeyPairTypes preferredSymmAlg unsupportedOIDs)))),
    'several at once');
is($all->{$oid{unsupportedOIDs}}, '300506032a0304', 'and what is not known');
fails(ask('one', 'genm', ask => 'caCerts,caCerts'), 'badRequest', 'the same twice');
fails(ask('one', 'genm', ask => 'caCerts', protect => 'none'), 'badMessageCheck', 'no protection');
is(told(ask('one', 'genm', ask => 'caCerts', mac => 1)), 'genp', 'by a secret');
