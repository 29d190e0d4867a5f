# First enrolment with a password, the CA's certificates, and the status of each way to be wrong.
use strict;
use warnings;
use Enroll::Test;

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
start_signerd();
start_nginx(<<'END', http => <<'HTTP');
    location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth basic;
        est_password_file %%DIR%%/passwords;
    }
    location /.well-known/est/chained/ {
        est_pass signerd; est_profile device; est_auth none; est_chain on;
    }
    location /.well-known/est/closed/ { est_pass signerd; est_profile device; }
    location /.well-known/est/astray/ { est_pass signerd; est_profile nobody; est_auth none; }
END
    server {
        listen 127.0.0.1:%%PORT:plain%%;
        location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }
    }
HTTP

my $base = '/.well-known/est';
my @demo = (-u => 'demo:secret');
new_csr('device', '/CN=device-1/O=Example', -addext => 'subjectAltName=DNS:device-1.example');
my $csr = read_file('device.csr');

my $reply = get("$base/cacerts");
is($reply->{status}, 200, 'cacerts');
is($reply->{headers}{'content-type'}, 'application/pkcs7-mime; smime-type=certs-only', 'its type');
like($reply->{body}, qr{\A[A-Za-z0-9+/]+=*\z}, 'base64 on one line');
my @authorities = certificates($reply->{body});
is(scalar @authorities, 2, 'the issuing CA and the root');
like(cert_text($authorities[1], '-subject', '-issuer'), qr/subject=(.*)\nissuer=\1\n/, 'the root is last');

$reply = get("$base/cacerts", '-I');
is($reply->{status}, 200, 'HEAD of cacerts');

$reply = post("$base/simpleenroll", $csr, @demo);
is($reply->{status}, 200, 'simpleenroll');
is($reply->{headers}{'content-type'}, 'application/pkcs7-mime; smime-type=certs-only', 'its type');
ok($reply->{headers}{'content-length'}, 'Content-Length, so not chunked');
my @issued = certificates($reply->{body});
is(scalar @issued, 1, 'the certificate and nothing else (RFC 7030 4.2.3)');
my $text = cert_text($issued[0]);
like($text, qr/Subject: CN = device-1, O = Example/, 'the subject of the CSR');
like($text, qr/DNS:device-1\.example/, 'the SAN of the CSR');
like($text, qr/CA:FALSE/, 'not a CA');
write_file('issued.pem', $issued[0]);
is(run(qw(openssl verify -x509_strict -CAfile), path('ca/root.pem'), '-untrusted',
    path('ca/issuing.pem'), path('issued.pem'))->{status}, 0, 'it verifies strictly');
is(cert_text($issued[0], '-pubkey'), run(qw(openssl req -noout -pubkey -in), path('device.csr'))->{out},
    'the key of the CSR');

is(get("$base/csrattrs")->{status}, 204, 'csrattrs: nothing is asked for');

my @chain = certificates(post("$base/chained/simpleenroll", $csr)->{body});
cmp_ok(scalar @chain, '>', 1, 'est_chain adds the chain');

my $der = run(qw(openssl req -outform DER -in), path('device.csr'))->{out};
my $forged = $der;
substr $forged, -1, 1, chr(1 ^ ord substr $forged, -1);
new_key('weak', qw(-algorithm RSA -pkeyopt rsa_keygen_bits:1024));
new_csr('weak', '/CN=weak');

my @wrong = (
    ['no credentials', 401, "$base/simpleenroll", $csr],
    ['a wrong password', 401, "$base/simpleenroll", $csr, -u => 'demo:Secret'],
    ['an unknown user', 401, "$base/simpleenroll", $csr, -u => 'nobody:secret'],
    ['an empty body', 400, "$base/simpleenroll", '', @demo],
    ['no base64', 400, "$base/simpleenroll", '$$$$', @demo],
    ['no CSR', 400, "$base/simpleenroll", 'AAAAAAAA', @demo],
    ['a cut CSR', 400, "$base/simpleenroll", substr($der, 0, 100), @demo],
    ['a forged CSR', 400, "$base/simpleenroll", $forged, @demo],
    ['a weak key', 403, "$base/simpleenroll", read_file('weak.csr'), @demo],
    ['another media type', 415, "$base/simpleenroll", $csr, @demo, -H => 'Content-Type: text/plain'],
    ['a body of 200 kB', 413, "$base/simpleenroll", 'A' x 200_000, @demo],
    ['a chunked body of 200 kB', 413, "$base/simpleenroll", 'A' x 200_000, @demo, -H => 'Transfer-Encoding: chunked'],
    ['an unknown operation', 404, "$base/enroll", $csr, @demo],
    ['an unknown label', 404, "$base/nobody/simpleenroll", $csr, @demo],
    ['two labels', 404, "$base/a/b/simpleenroll", $csr, @demo],
    ['a location without est_auth', 403, "$base/closed/simpleenroll", $csr, @demo],
    ['a profile that signerd does not have', 404, "$base/astray/simpleenroll", $csr],
    ['renewal without a certificate', 403, "$base/simplereenroll", $csr, @demo],
    ['renewal where nobody is asked who he is', 403, "$base/chained/simplereenroll", $csr],
    ['PUT', 405, "$base/simpleenroll", $csr, @demo, -X => 'PUT'],
    ['POST of cacerts', 405, "$base/cacerts", '', -X => 'POST'],
);
for my $case (@wrong) {
    my ($name, $status, @request) = @$case;
    my $answer = post(@request);
    is($answer->{status}, $status, "$name: $status");
    is($answer->{headers}{'content-type'}, 'text/plain', "$name: text/plain");
    like($answer->{body}, $status == 401 ? qr/\A\z/ : qr/\A[ -~]+\n\z/,
        "$name: one line that says what to fix");
    like($answer->{headers}{'www-authenticate'}, qr/^Basic realm="est"$/, "$name: the challenge")
        if $status == 401;
    like($answer->{headers}{allow}, qr/^(?:POST|GET, HEAD)$/, "$name: Allow") if $status == 405;
}

for my $operation (qw(simpleenroll cacerts)) {
    my $plain = 'http://127.0.0.1:' . port('plain') . "$base/$operation";
    is(($operation eq 'cacerts' ? get($plain) : post($plain, $csr))->{status}, 403,
        "$operation without TLS (RFC 7030 3.3)");
}
is(post("$base/simpleenroll", $csr, @demo)->{status}, 200, 'a good client after all that');
