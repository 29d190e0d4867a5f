# What EST is carried by (RFC 7030 3.2.3, 3.3, 4.4): no plain HTTP, no key over a connection that
# does not encrypt; the methods, and headers that stand there twice; clients that do not wait.
use strict;
use warnings;
use Enroll::Test;
use MIME::Base64 ();

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
my $config = signerd_config();
$config->{profiles}{device}{est} = {key_generation => JSON::PP::true()};
$config->{profiles}{asks} = {%{$config->{profiles}{device}}, keys => ['ec:P-256']};
start_signerd($config);
is(signerctl(qw(ra issue --cmp --key-type ec:P-256 --subject), 'CN=EST', '--key', path('est.key'), '--out',
    path('est.pem'))->{status}, 0, 'a certificate to sign with');
my $common = 'est_pass signerd; est_auth basic bearer; est_password_file %%DIR%%/passwords; est_keygen on; '
    . 'est_certificate %%DIR%%/est.pem; est_certificate_key %%DIR%%/est.key;';
start_nginx(<<"END", listen => 'ssl http2', http => <<"PLAIN");
    est_login_failures off; ssl_ciphers ALL:eNULL:\@SECLEVEL=0;
    location /.well-known/est/ { $common est_profile device; }
    location /.well-known/est/asks/ { $common est_profile asks; }
    location /.well-known/est/sealed/ { $common est_profile device; est_keygen_encrypt required; }
END
    server {
        listen 127.0.0.1:%%PORT:plain%%;
        location /.well-known/est/ { $common est_profile device; }
    }
PLAIN

my $est = '/.well-known/est';
my @demo = (-u => 'demo:secret');
new_csr('device', '/CN=device');
my $csr = read_file('device.csr');

# --- plain HTTP, and TLS that does not encrypt ---

my $plain = 'http://127.0.0.1:' . port('plain');
for my $reply (get("$plain$est/cacerts"), get("$plain$est/csrattrs"),
    map({ post("$plain$est/$_", $csr, @demo) } qw(simpleenroll serverkeygen))) {
    is("$reply->{status} $reply->{body}", "403 EST needs HTTPS\n", 'plain HTTP');
}
my @null = ('--tls-max', '1.2', '--ciphers', 'NULL-SHA256:ECDHE-RSA-NULL-SHA:ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0');
is(get("$est/cacerts", @null)->{status}, 200, 'a cipher suite without encryption');
my $reply = post("$est/serverkeygen", $csr, @demo, @null);
is($reply->{status}, 403, 'carries no key');
is($reply->{body}, "no key is sent over a connection without encryption\n", 'which is said');

# --- methods ---

for my $http ([], ['--http2']) {
    my @head = ('-I', @$http);
    is(get("$est/cacerts", @head)->{headers}{'content-length'}, length get("$est/cacerts")->{body}, "HEAD of cacerts @$http");
    is(get("$est/asks/csrattrs", @head)->{headers}{'content-type'}, 'application/csrattrs', "HEAD of csrattrs @$http");
    $reply = get("$est/csrattrs", @$http);
    is("$reply->{status} $reply->{body}", '204 ', "csrattrs with nothing in it @$http");
    ok(!exists $reply->{headers}{'content-length'}, 'has no length (RFC 9110 8.6)');
    for my $operation (qw(simpleenroll simplereenroll serverkeygen)) {
        $reply = get("$est/$operation", @head, @demo);
        is("$reply->{status} $reply->{headers}{allow}", '405 POST', "HEAD of $operation @$http");
    }
    is(get("$est/csrattrs", '-X', 'GET', '-d', 'x' x 1000, @$http)->{status}, 204, "a body that nobody wants @$http");
}

# --- two answers to the challenge ---

my $token = signerctl(qw(token create --profile device --ttl 1h))->{out} =~ s/\n//r;
my $basic = 'Authorization: Basic ' . MIME::Base64::encode_base64('demo:secret', '');
for my $http ([], ['--http2']) {
    for my $pair ([$basic, 'Authorization: Bearer wrong'], ['Authorization: Bearer wrong', $basic],
        [$basic, "Authorization: Bearer $token"]) {
        is(post("$est/simpleenroll", $csr, map({ (-H => $_) } @$pair), @$http)->{status}, 400, "two Authorization headers @$http");
    }
}

# --- who asks for a key and goes away ---

new_key('rsa', qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048));
new_csr('rsa', '/CN=rsa');
my $rsa = read_file('rsa.csr');
for my $seconds (0.02, 0.05, 0.1, 0.15, 0.2) {
    post("$est/sealed/serverkeygen", $rsa, @demo, '--max-time', $seconds, @$_) for [], ['--http2'];
}
is(post("$est/sealed/serverkeygen", $rsa, @demo)->{status}, 200, 'the others are served');
