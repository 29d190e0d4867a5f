# Channel binding where the request is within another message, or asks for a key: fullcmc with
# PKCS#10 and CRMF, serverkeygen (RFC 7030 3.5, 4.3, 4.4), with HTTP/1.1 and HTTP/2.
use strict;
use warnings;
use Enroll::Binding;
use Enroll::Cmc;
use Enroll::Test;
use MIME::Base64 ();

ca_init();
my $config = signerd_config();
$config->{profiles}{device}{est} = {key_generation => JSON::PP::true()};
start_signerd($config);
write_file('passwords', "demo:{PLAIN}secret\n");
is(signerctl(qw(ra issue --cmp --key-type ec:P-256 --subject), 'CN=EST', '--key', path('est.key'), '--out',
    path('est.pem'))->{status}, 0, 'a certificate to sign with');
my $common = 'est_pass signerd; est_profile device; est_client_certificate %%DIR%%/ca/chain.pem; '
    . 'est_certificate %%DIR%%/est.pem; est_certificate_key %%DIR%%/est.key; est_password_file %%DIR%%/passwords;';
start_nginx(<<"END", listen => 'ssl http2');
    location /.well-known/est/ { $common est_auth none; est_full_cmc on; }
    location /.well-known/est/on/ { $common est_auth none; est_full_cmc on; est_channel_binding on; }
    location /.well-known/est/must/ { $common est_auth none; est_full_cmc on; est_channel_binding required; }
    location /.well-known/est/keys/ { $common est_auth basic; est_keygen on; est_channel_binding required; }
END

my $est = '/.well-known/est';
new_key('device');
new_csr('signer', '/CN=signer');
write_file('signer.pem', certificates(post("$est/simpleenroll", read_file('signer.csr'))->{body}));

my @type = ('--type', 'application/pkcs7-mime; smime-type=CMC-request');
my @demo = ('--header', 'Authorization: Basic ' . MIME::Base64::encode_base64('demo:secret', ''));

# --- fullcmc ---

sub with_pkcs10 {
    my ($password) = @_;
    my $csr = MIME::Base64::decode_base64(bound_csr($password));
    return cmc_body(signed(pki_data(requests => [pkcs10(7, $csr)]), 'signer'));
}
sub with_crmf {
    my $csr = MIME::Base64::decode_base64(bound_csr());
    my ($message) = Enroll::Cmc::elements(crmf(7, $csr, ''));
    my $file = write_file('crmf.request', $message->[1]);
    must(qw(openssl dgst -sha256 -sign), path('device.key'), '-out', path('crmf.signature'), $file);
    my $proof = tlv(0xa1, tlv(0x30, oid('1.2.840.10045.4.3.2')), tlv(0x03, "\0" . read_file('crmf.signature')));
    return cmc_body(signed(pki_data(requests => [crmf(7, $csr, $proof)]), 'signer'));
}
my $none = sub { with_pkcs10() };
my $junk = sub { with_pkcs10('open sesame') };
my $crmf = sub { with_crmf() };

for my $http ([], ['--h2']) {
    my $how = "with @$http";
    is((exchange('must/fullcmc', sub { with_pkcs10($_[0]{'tls-exporter'}) }, qw(--tls 1.3), @$http, @type))[0], 200,
        "fullcmc, TLS 1.3 $how");
    is((exchange('must/fullcmc', sub { with_pkcs10($_[0]{'tls-unique'}) }, qw(--tls 1.2), @$http, @type))[0], 200,
        "fullcmc, TLS 1.2 $how");
}
for my $case (
    ['must', 'none', $none, 400, qr/^challengePassword is missing/],
    ['must', 'another', $junk, 409, qr/is not the channel binding/],
    ['must', 'a CRMF, which can have none', $crmf, 400, qr/^challengePassword is missing/],
    ['on', 'another', $junk, 409, qr/is not the channel binding/],
) {
    my ($label, $name, $make, $status, $text) = @$case;
    my ($got, $answer) = exchange("$label/fullcmc", $make, qw(--tls 1.3), @type);
    is($got, $status, "fullcmc, $label, $name: $status");
    like($answer, qr{^Content-Type: application/pkcs7-mime; smime-type=CMC-response\r$}m, "fullcmc, $label, $name: by CMC");
    my $said = cmc_answer($answer =~ s/.*\r\n\r\n//sr, 'est');
    is_deeply([@$said{qw(status fail parts)}], [2, 9, [7]], "fullcmc, $label, $name: popFailed") or diag explain $said;
    like($said->{text}, $text, "fullcmc, $label, $name: and why");
}
is((exchange('on/fullcmc', $none, qw(--tls 1.3), @type))[0], 200, 'fullcmc, on, none');
is((exchange('on/fullcmc', $crmf, qw(--tls 1.3), @type))[0], 200, 'fullcmc, on, a CRMF');
my ($status, $answer) = exchange('must/fullcmc', $none, qw(--tls 1.2 --no-ems), @type);
is($status, 426, 'fullcmc where the connection can have none');
like($answer, qr{^Upgrade: TLS/1\.3, HTTP/1\.1\r$}m, 'with Upgrade');

# --- serverkeygen ---

for my $http ([], ['--h2']) {
    ($status, $answer) = exchange('keys/serverkeygen', binding('tls-exporter'), qw(--tls 1.3), @demo, @$http);
    is($status, 200, "serverkeygen @$http");
    like($answer, qr{^Content-Type: application/pkcs8\r$}m, 'with a key');
}
is((exchange('keys/serverkeygen', binding('tls-unique'), qw(--tls 1.2), @demo))[0], 200, 'serverkeygen, TLS 1.2');
my $made = () = grep { $_->{decision} eq 'allow' } audit_rows();
for my $case (['none', sub { bound_csr() }, 400], ['another', sub { bound_csr('open sesame') }, 409]) {
    my ($name, $make, $code) = @$case;
    ($status, $answer) = exchange('keys/serverkeygen', $make, qw(--tls 1.3), @demo);
    is($status, $code, "serverkeygen, $name: $code");
    unlike($answer, qr/pkcs8/, 'and no key');
}
is((exchange('keys/serverkeygen', sub { bound_csr() }, qw(--tls 1.2 --no-ems), @demo))[0], 426,
    'serverkeygen where the connection can have none');
is(scalar(grep { $_->{decision} eq 'allow' } audit_rows()), $made, 'nothing is made for those');
