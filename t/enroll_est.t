# The client for EST against the server: what it gets, keeps, checks and tells.
use strict;
use warnings;
use Enroll::Test;

ca_init();
ca_init('other', '--root-name', 'CN=Other Root', '--name', 'CN=Other Issuing');
write_file('passwords', "demo:{PLAIN}secret\n");
start_signerd();
start_nginx(<<'END');
    location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth mtls basic; est_label waits; est_label odd; est_label busy;
        est_client_certificate %%DIR%%/ca/chain.pem; est_password_file %%DIR%%/passwords;
    }
    location = /.well-known/est/waits/simpleenroll { add_header Retry-After 1 always; return 202; }
    location = /.well-known/est/busy/simpleenroll { add_header Retry-After 3600 always; return 503; }
    location = /.well-known/est/odd/simpleenroll { default_type application/pkcs7-mime; return 200 "MAMCAQE="; }
END

my $base = 'https://localhost:' . port('https') . '/.well-known/est';
my $root = path('ca/root.pem');
write_file('right', "secret\n");
write_file('wrong', "secre\n");
delete $ENV{ENROLL_PASSWORD};

sub enroll { return run("$ENV{ENROLL_BIN}/enroll", @_) }
sub est { my ($command, @options) = @_; return enroll('est', $command, '--url', $base, '--cacert', $root, @options) }
sub json { my ($result) = @_; return JSON::PP::decode_json($result->{out}) }
sub mode { return sprintf '%04o', (stat path($_[0]))[2] & 07777 }
sub files { my @names = map { s{.*/}{}r } glob path('*'); return join ' ', grep { /^$_[0]/ } @names }
my @demo = ('--user', 'demo', '--password-file', path('right'));
sub device { my ($name) = @_; return ('--key', path("$name.key"), '--out', path("$name.pem")) }

# --- CA certificates ---

my $result = est('cacerts', '--out', path('cas.pem'));
is($result->{status}, 0, 'cacerts') or diag $result->{err};
is($result->{out}, '', 'nothing on standard output');
like(read_file('cas.pem'), qr/\A-----BEGIN CERTIFICATE-----/, 'PEM');
my $known = read_file('ca/root.pem');
like(est('cacerts')->{out}, qr/\Q$known\E/, 'to standard output; the root is among them');

my ($fingerprint) = cert_text($known, qw(-fingerprint -sha256)) =~ /=(\S+)/;
$result = enroll(qw(est cacerts --json --url), $base, '--fingerprint', $fingerprint);
is($result->{status}, 0, 'a fingerprint instead of an anchor') or diag $result->{err};
is_deeply(json($result)->{checked}, ['fingerprint'], 'says what was checked');
ok((grep { $_->{pem} eq $known } @{json($result)->{certificates}}), 'the root came');
$result = enroll(qw(est cacerts --url), $base, '--fingerprint', $fingerprint =~ s/^../00/r);
is($result->{status}, 5, 'a fingerprint of nothing: 5');
is($result->{out}, '', 'and nothing is printed');

# --- the first certificate ---

my @names = ('--subject', 'C=CH,O=Example,CN=device-1', '--san', 'dns:device-1.example', '--san', 'ip:192.0.2.1');
$result = est('enroll', @demo, device('device'), @names, '--chain-out', path('device-chain.pem'));
is($result->{status}, 0, 'enroll with a password') or diag $result->{err};
is($result->{out} . $result->{err}, '', 'quiet where there is no terminal');
is(mode('device.key'), '0600', 'the key is its owner\'s alone');
is(mode('device.pem'), '0644', 'the certificate is everybody\'s');
is(cert_text(read_file('device.pem'), '-pubkey'), public_key('device'), 'for the key');
like(cert_text(read_file('device.pem')), qr/DNS:device-1\.example, IP Address:192\.0\.2\.1/, 'with its names');
is(run(qw(openssl verify -CAfile), $root, '-untrusted', path('device-chain.pem'), path('device.pem'))->{status}, 0,
    'OpenSSL finds the chain in --chain-out');
is(files('device'), 'device-chain.pem device.key device.pem', 'no other file is left');

my $key = read_file('device.key');
$result = est('enroll', '--json', @demo, device('device'), '--subject', 'CN=device-1');
is($result->{status}, 0, 'again with the key that is there');
is(read_file('device.key'), $key, 'it is not overwritten');
my $told = json($result);
is($told->{status}, 'done', 'JSON: status');
is($told->{exit}, 0, 'JSON: exit');
is($told->{certificates}[0]{pem}, read_file('device.pem'), 'JSON: the certificate');
is($told->{certificates}[0]{subject}, 'CN=device-1', 'JSON: its subject');
is_deeply($told->{checked}, ['the certificate is for our key', 'its chain leads to --cacert'], 'JSON: what was checked');
is_deeply($told->{files}, [path('device.pem')], 'JSON: what was written');

$ENV{ENROLL_PASSWORD} = 'secret';
is(est('enroll', '--user', 'demo', device('rsa'), '--key-type', 'rsa:2048', '--subject', 'CN=rsa')->{status}, 0,
    'the password from the environment, an RSA key');
delete $ENV{ENROLL_PASSWORD};
is(est('enroll', @demo, device('rsa'), '--key-type', 'ec:P-256', '--subject', 'CN=rsa')->{status}, 1,
    'a key of another type than asked for is not used');
write_file('no.key', 'no key');
is(est('enroll', @demo, device('no'), '--subject', 'CN=no')->{status}, 1, 'what is no key');
is(read_file('no.key'), 'no key', 'is left alone');

# --- the same request again ---

my @kept = (device('kept'), '--csr', path('kept.csr'), '--subject', 'CN=kept');
is(est('enroll', @demo, @kept)->{status}, 0, 'the request is kept');
my $serial = cert_text(read_file('kept.pem'), '-serial');
is(est('enroll', @demo, @kept)->{status}, 0, 'and sent again');
is(cert_text(read_file('kept.pem'), '-serial'), $serial, 'its answer is the same');
is(est('enroll', @demo, device('other'), '--csr', path('kept.csr'))->{status}, 1, 'not with another key');

# --- renewal ---

my @device = ('--cert', path('rsa.pem'), '--key', path('rsa.key'));
$result = est('reenroll', @device, '--out', path('renewed.pem'));
is($result->{status}, 0, 'renewal for the same key') or diag $result->{err};
is(cert_text(read_file('renewed.pem'), '-pubkey'), public_key('rsa'), 'it is the same');
is(cert_text(read_file('renewed.pem'), '-subject'), cert_text(read_file('rsa.pem'), '-subject'), 'and so is the subject');
is(est('reenroll', '--cert', path('kept.pem'), '--key', path('kept.key'), '--new-key', path('next.key'), '--out',
    path('next.pem'))->{status}, 0, 'renewal for a new key');
is(cert_text(read_file('next.pem'), '-pubkey'), public_key('next'), 'it is the new one');
is(mode('next.key'), '0600', 'which is its owner\'s alone');
is(est('enroll', @device, '--new-key', path('more.key'), '--out', path('more.pem'), '--subject', 'CN=more')->{status}, 0,
    'a certificate vouches for another one');
is(est('reenroll', '--cert', path('kept.pem'), '--key', path('rsa.key'))->{status}, 1, 'a key that is not the certificate\'s');

# --- refusals ---

$result = est('enroll', '--user', 'demo', '--password-file', path('wrong'), device('bad'), '--subject', 'CN=bad');
is($result->{status}, 1, 'a wrong password: 1');
like($result->{err}, qr/^enroll: the server does not accept the credentials: HTTP status 401/, 'a clear message');
unlike($result->{err}, qr/secre/, 'without the password');
$result = est('enroll', '--json', '--user', 'demo', '--password-file', path('wrong'), device('bad'), '--subject', 'CN=bad');
is(json($result)->{status}, 'refused', 'JSON: refused');
is(json($result)->{http_status}, 401, 'JSON: the status');
like(json($result)->{error}, qr/credentials/, 'JSON: the error');
$result = est('enroll', @demo, device('bad'), '--subject', 'CN=bad,title=Dr');
is($result->{status}, 1, 'against the profile: 1');
like($result->{err}, qr/the server refuses: HTTP status 403, .*subject/, 'in the words of the server');
ok(!-e path('bad.pem'), 'no certificate is written');

$result = enroll('est', 'enroll', '--url', $base, '--cacert', path('other/root.pem'), @demo, device('lost'), '--subject', 'CN=lost');
is($result->{status}, 3, 'a server that the CA does not vouch for: 3');
like($result->{err}, qr/^enroll: the server is not trusted/, 'said so');
$result = enroll('est', 'enroll', '--url', 'https://localhost:' . port('nobody'), '--cacert', $root, @demo, device('lost'), '--subject', 'CN=lost');
is($result->{status}, 3, 'nobody there: 3');

my @waits = ('est', 'enroll', '--cacert', $root, @demo, device('waits'), '--subject', 'CN=waits', '--url');
$result = enroll('--json', @waits, "$base/waits", '--wait', 1);
is($result->{status}, 4, 'a request that waits: 4');
is(json($result)->{retry_after}, 1, 'and when to ask again');
is(scalar(() = read_file('access.log') =~ m{POST /.well-known/est/waits/}g), 2, 'it was sent again within --wait');
is(enroll(@waits, "$base/busy")->{status}, 3, 'a busy server: 3');
$result = enroll(@waits, "$base/odd");
is($result->{status}, 5, 'an answer that is none: 5') or diag $result->{err};
ok(!-e path('waits.pem'), 'no certificate is written');

# --- usage ---

for my $case (
    ['no command'], ['an unknown one', 'est', 'destroy'], ['no URL', 'est', 'cacerts'],
    ['plain HTTP', 'est', 'cacerts', '--url', 'http://localhost/'],
    ['a password in the URL', 'est', 'cacerts', '--url', 'https://demo:secret@localhost/'],
    ['a password as an option', @waits, $base, '--password', 'secret'],
    ['no name', 'est', 'enroll', '--url', $base, '--key', path('x.key')],
    ['no fingerprint', 'est', 'cacerts', '--url', $base, '--fingerprint', 'abc']) {
    my ($name, @words) = @$case;
    is(enroll(@words)->{status}, 2, "usage: $name");
}
is(json(enroll('--json', 'est'))->{status}, 'usage', 'as JSON, too');
like(enroll('--help')->{out}, qr/est reenroll/, '--help');
like(enroll(qw(est enroll --help))->{out}, qr/--key-type SPEC/, '--help of a command');
