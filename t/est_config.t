# nginx -t finds what is wrong, and says where.
use strict;
use warnings;
use Enroll::Test;

ca_init();
for ([signing => ()], [ed => qw(-algorithm ed25519)]) {
    my ($name, @options) = @$_;
    must(qw(openssl req -new -x509 -days 2 -subj /CN=EST -addext basicConstraints=CA:FALSE),
        '-config', '/dev/null', '-key', new_key($name, @options), '-out', path("$name.crt"));
}
write_file('passwords', "demo:{PLAIN}secret\n");
write_file('empty', "# nobody\n");
write_file('twice', "demo:{PLAIN}a\ndemo:{PLAIN}b\n");
write_file('colonless', "demo\n");
write_file('damaged.pem', "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
write_file('text.pem', "nothing here\n");

my $pass = 'est_pass signerd; est_profile device;';
my $passwords = 'est_password_file %%DIR%%/passwords;';
my $anchors = 'est_client_certificate %%DIR%%/ca/chain.pem;';

sub tested {
    my ($directives, %option) = @_;
    return nginx_test("location /.well-known/est/ {\n$directives\n}", %option);
}

sub accepted {
    my ($name, $directives, %option) = @_;
    my $result = tested($directives, %option);
    is($result->{status}, 0, $name) or diag $result->{err};
    return;
}

sub refused {
    my ($name, $directives, $message, %option) = @_;
    my $result = tested($directives, %option);
    isnt($result->{status}, 0, "$name: refused");
    like($result->{err}, $message, "$name: the message");
    like($result->{err}, qr/nginx\.conf:\d+/, "$name: file and line");
    return;
}

accepted('the least', $pass);
accepted('a socket without a block', 'est_pass unix:%%DIR%%/signerd.sock; est_profile device;');
accepted('all', <<"END");
$pass est_auth mtls basic; est_satisfy all; $passwords $anchors est_realm "my est";
est_label ca:4; est_label printers printer; est_verify_csr off; est_chain on;
est_idempotency_window 30m; est_retry_after 9s; est_connect_timeout 1s; est_send_timeout 1s;
est_read_timeout 1s; est_next_upstream off; est_next_upstream_tries 2; est_next_upstream_timeout 1s;
est_audit off;
END
accepted('a certificate of its own',
    "$pass est_certificate %%DIR%%/signing.crt; est_certificate_key %%DIR%%/signing.key;");
accepted('limits', "$pass est_max_inflight 0; est_login_failures 3 per=5m;",
    http => 'est_zone 256k; est_max_inflight_total 100; est_max_inflight 10; est_login_failures off;');
accepted('a zone of that name for something else', $pass,
    http => 'limit_req_zone $binary_remote_addr zone=est:1m rate=1r/s;');
accepted('the counters', 'est_status;');
accepted('the counters for Prometheus', 'est_status prometheus;');
accepted('none, written out', "$pass est_auth none;");
accepted('in limit_except', "$pass limit_except GET POST { deny all; }");

refused('a misspelt way of authentication', "$pass est_auth mlts;", qr/invalid value "mlts"/);
refused('a misspelt directive', "$pass est_athu mtls;", qr/unknown directive "est_athu"/);
refused('none beside another', "$pass est_auth none basic; $passwords", qr/"est_auth none" does not go/);
refused('est_satisfy', "$pass est_satisfy some;", qr/invalid value "some"/);
refused('no profile', 'est_pass signerd;', qr/"est_pass" needs "est_profile"/);
refused('two signers', "$pass est_pass signerd;", qr/"est_pass" directive is duplicate/);
refused('basic without passwords', "$pass est_auth basic;", qr/needs "est_password_file"/);
refused('mtls without anchors', "$pass est_auth mtls;", qr/needs "est_client_certificate"/);
refused('mtls where nobody asks for certificates', "$pass est_auth mtls; $anchors",
    qr/"est_auth mtls" needs "ssl_verify_client/, http => <<'END');
server { listen 127.0.0.1:%%PORT:other%%; location / { est_pass signerd; est_profile device;
    est_auth mtls; est_client_certificate %%DIR%%/ca/chain.pem; } }
END
refused('no password file', "$pass est_password_file %%DIR%%/absent;", qr/cannot open ".*absent"/);
refused('a password file without users', "$pass est_password_file %%DIR%%/empty;", qr/there is no user/);
refused('a user twice', "$pass est_password_file %%DIR%%/twice;", qr/a user stands twice/);
refused('a line without hash', "$pass est_password_file %%DIR%%/colonless;", qr/not "user:hash"/);
refused('no anchors file', "$pass est_client_certificate %%DIR%%/absent;", qr/cannot open ".*absent"/);
refused('anchors that are damaged', "$pass est_client_certificate %%DIR%%/damaged.pem;", qr/one is damaged/);
refused('anchors that are none', "$pass est_client_certificate %%DIR%%/text.pem;", qr/there is none/);
refused('a label that is an operation', "$pass est_label cacerts;", qr/operation of EST/);
refused('a label that RFC 7030 reserves', "$pass est_label fullcmc;", qr/operation of EST/);
refused('a label of two segments', "$pass est_label a/b;", qr/no path segment/);
refused('a certificate without its key', "$pass est_certificate %%DIR%%/signing.crt;",
    qr/"est_certificate" and "est_certificate_key" go together/);
refused('a key without its certificate', "$pass est_certificate_key %%DIR%%/signing.key;",
    qr/"est_certificate" and "est_certificate_key" go together/);
refused('the certificate of a CA', "$pass est_certificate %%DIR%%/ca/issuing.pem; "
    . 'est_certificate_key %%DIR%%/ca/issuing.key;', qr/it is the certificate of a CA/);
refused('the key of another', "$pass est_certificate %%DIR%%/signing.crt; "
    . 'est_certificate_key %%DIR%%/ed.key;', qr/the key is not that of the certificate/);
refused('a key that CMS has no place for', "$pass est_certificate %%DIR%%/ed.crt; "
    . 'est_certificate_key %%DIR%%/ed.key;', qr/the key is neither RSA nor EC/);
my $signing = 'est_certificate %%DIR%%/signing.crt; est_certificate_key %%DIR%%/signing.key;';
my $keygen = "$pass $signing est_keygen on;";
write_file('keys', "# shared\n01:" . '11' x 16 . "\r\n0203:" . '22' x 32 . "\n", 0600);
accepted('keys for clients', "$keygen est_keygen_encrypt required; est_keygen_secrets %%DIR%%/keys; est_auth basic; $passwords");
refused('keys that nobody signs', "$pass est_keygen on;", qr/"est_keygen" needs "est_certificate"/);
refused('keys for anybody', "$keygen est_auth none;", qr/"est_keygen" does not go with "est_auth none"/);
refused('another encryption', "$keygen est_keygen_encrypt always;", qr/invalid value "always"/);
for my $case (['no colon', '01', qr/not "identifier:key"/], ['an identifier', 'x:' . '11' x 16, qr/an identifier is not/],
    ['no identifier', ':' . '11' x 16, qr/an identifier is not/], ['a size', '01:1111', qr/a key is not 16, 24 or 32/],
    ['twice', join("\n", ('01:' . '11' x 16) x 2), qr/stands twice/], ['none', "#\n", qr/it has no key/]) {
    my ($name, $text, $message) = @$case;
    write_file('keys.bad', "$text\n", 0600);
    refused("shared keys: $name", "$keygen est_keygen_secrets %%DIR%%/keys.bad;", $message);
}
write_file('keys.open', '01:' . '11' x 16 . "\n", 0644);
refused('shared keys that others may read', "$keygen est_keygen_secrets %%DIR%%/keys.open;", qr/others may read/);
refused('a realm with quotes', qq{$pass est_realm 'a"b';}, qr/"est_realm" must be printable/);
refused('a flag', "$pass est_chain yes;", qr/it must be "on" or "off"/);
refused('a switch', "$pass est_audit sometimes;", qr/it must be "on" or "off"/);
refused('a time', "$pass est_read_timeout soon;", qr/invalid value/);
refused('replaying what was sent', "$pass est_next_upstream non_idempotent;", qr/invalid value "non_idempotent"/);
refused('an upstream that is not there', 'est_pass nobody; est_profile device;', qr/upstream "nobody"/);
refused('an unprotected TCP connection', 'est_pass far; est_profile device;', qr/is not a Unix socket/,
    http => 'upstream far { server 127.0.0.1:9; }');
refused('a profile name that is too long', 'est_pass signerd; est_profile ' . 'p' x 65 . ';', qr/too long/);
refused('a small zone', $pass, qr/at least 131072 bytes/, http => 'est_zone 64k;');
refused('a zone of no size', $pass, qr/invalid value/, http => 'est_zone large;');
refused('a zone for one location', "$pass est_zone 1m;", qr/"est_zone" directive is not allowed here/);
refused('a negative limit', "$pass est_max_inflight -1;", qr/invalid number/);
refused('a limit beyond measure', "$pass est_max_inflight 1000001;", qr/must be between 0 and 1000000/);
refused('a total for one location', "$pass est_max_inflight_total 1;", qr/"est_max_inflight_total" directive is not allowed here/);
refused('no failed login at all', "$pass est_login_failures 0;", qr/takes a number of 1 to/);
refused('off and a window', "$pass est_login_failures off per=1h;", qr/takes a number of 1 to/);
refused('a window without a name', "$pass est_login_failures 5 1h;", qr/takes a number of 1 to/);
refused('a window of no length', "$pass est_login_failures 5 per=0;", qr/takes a number of 1 to/);
refused('a window that is no time', "$pass est_login_failures 5 per=soon;", qr/takes a number of 1 to/);
refused('login failures twice', "$pass est_login_failures 5; est_login_failures 6;", qr/is duplicate/);
refused('counters in another format', 'est_status xml;', qr/invalid value "xml"/);
refused('counters twice', 'est_status; est_status;', qr/is duplicate/);
refused('counters where EST is served', "$pass est_status;", qr/does not go with "est_pass"/);
refused('EST where the counters are', "est_status; $pass", qr/does not go with "est_status"/);
