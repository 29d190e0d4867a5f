# nginx -t finds what is wrong, and says where.
use strict;
use warnings;
use Enroll::Test;

ca_init();
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
refused('a realm with quotes', qq{$pass est_realm 'a"b';}, qr/"est_realm" must be printable/);
refused('a flag', "$pass est_chain yes;", qr/it must be "on" or "off"/);
refused('a switch', "$pass est_audit sometimes;", qr/it must be "on" or "off"/);
refused('a time', "$pass est_read_timeout soon;", qr/invalid value/);
refused('replaying what was sent', "$pass est_next_upstream non_idempotent;", qr/invalid value "non_idempotent"/);
refused('an upstream that is not there', 'est_pass nobody; est_profile device;', qr/upstream "nobody"/);
refused('an unprotected TCP connection', 'est_pass far; est_profile device;', qr/is not a Unix socket/,
    http => 'upstream far { server 127.0.0.1:9; }');
refused('a profile name that is too long', 'est_pass signerd; est_profile ' . 'p' x 65 . ';', qr/too long/);
