# What the client of EST asks beside certificates, and what ties it to its connection, against the
# real server.
use strict;
use warnings;
use Enroll::Test;

ca_init();
my $config = signerd_config();
$config->{profiles}{asks} = {%{$config->{profiles}{device}}, keys => ['ec:P-384'], subject => {CN => {required => JSON::PP::true()},
    O => {required => JSON::PP::true(), patterns => ['Example']}}};
$config->{profiles}{moves} = {%{$config->{profiles}{device}}, est => {renewal => {change_subject => JSON::PP::true()}}};
$_->{profiles} = '*' for grep { $_->{role} eq 'frontend' } map { @{$_->{peers}} } @{$config->{listen}};
start_signerd($config);
write_file('passwords', "demo:{PLAIN}secret\n");
start_nginx(<<'END');
    est_auth basic; est_password_file %%DIR%%/passwords; est_channel_binding on;
    location /.well-known/est/ { est_pass signerd; est_profile device; }
    location /.well-known/est/asks/ { est_pass signerd; est_profile asks; est_label asks; }
    location /.well-known/est/stays/ { est_pass signerd; est_profile device; est_label stays; est_auth mtls;
        est_client_certificate %%DIR%%/ca/chain.pem; }
    location /.well-known/est/moves/ { est_pass signerd; est_profile moves; est_label moves; est_auth basic mtls;
        est_client_certificate %%DIR%%/ca/chain.pem; }
    location /.well-known/est/bound/ { est_pass signerd; est_profile device; est_label bound; est_channel_binding required; }
END

write_file('password', "secret\n", 0600);
my @demo = ('--user', 'demo', '--password-file', path('password'));

sub est {
    my ($label, $command, @options) = @_;
    return run("$ENV{ENROLL_BIN}/enroll", 'est', $command, '--url', 'https://localhost:' . port('https')
        . "/.well-known/est$label", '--cacert', path('ca/root.pem'), @options);
}
sub enroll {
    my ($label, $name, @options) = @_;
    return est($label, 'enroll', @demo, '--key', path("$name.key"), '--out', path("$name.pem"), '--subject', "CN=$name", @options);
}

# --- channel binding ---

my $result = enroll('/bound', 'bound', '--channel-binding');
is($result->{status}, 0, 'a request that is tied to its connection') or diag $result->{err};
is(enroll('/bound', 'free')->{status}, 1, 'one that is not, where it has to be');
is(enroll('', 'bound', '--channel-binding')->{status}, 0, 'a tied one where it may be');
$result = est('/bound', 'enroll', '--user', 'demo', '--password-file', path('password'), '--key', path('tls12.key'),
    '--subject', 'CN=tls12', '--channel-binding');
is($result->{status}, 0, 'to standard output') or diag $result->{err};

# --- csrattrs ---

is(est('', 'csrattrs')->{out}, "nothing is asked for\n", 'a profile that asks for nothing');
$result = est('/asks', 'csrattrs');
is($result->{status}, 0, 'one that asks') or diag $result->{err};
like($result->{out}, qr/^key: ec:P-384$/m, 'for a key');
like($result->{out}, qr/^subject: .*CN.*$/m, 'and a name');
isnt(enroll('/asks', 'plain')->{status}, 0, 'who does not ask first is refused');
$result = est('/asks', 'enroll', @demo, '--key', path('asked.key'), '--out', path('asked.pem'), '--subject', 'O=Example,CN=asked',
    '--csrattrs');
is($result->{status}, 0, 'who does is not') or diag $result->{err};
like(cert_text(read_file('asked.pem')), qr/secp384r1/, 'and has the key');

# --- other names ---

is(enroll('/moves', 'mover')->{status}, 0, 'a certificate');
my @renew = ('--cert', path('mover.pem'), '--key', path('mover.key'), '--out', path('moved.pem'));
$result = est('/moves', 'reenroll', @renew, '--subject', 'CN=moved', '--san', 'dns:moved.example');
is($result->{status}, 0, 'its renewal under another name, where the profile allows it') or diag $result->{err};
like(cert_text(read_file('moved.pem'), '-subject'), qr/CN = moved$/m, 'has the name');
like(cert_text(read_file('moved.pem')), qr/DNS:moved\.example/, 'and the other one');
is(est('/stays', 'reenroll', @renew, '--subject', 'CN=moved')->{status}, 1, 'not where it does not');

# --- from outside ---

$result = est('', 'test');
is($result->{status}, 0, 'est test') or diag $result->{out} . $result->{err};
like($result->{out}, qr/^simpleenroll +ok +asks for credentials: Basic/m, 'it wants a password');
