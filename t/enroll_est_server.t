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
$config->{profiles}{keys} = {%{$config->{profiles}{device}}, key_usage => [qw(digitalSignature keyEncipherment keyAgreement)],
    est => {key_generation => JSON::PP::true()}};
$_->{profiles} = '*' for grep { $_->{role} eq 'frontend' } map { @{$_->{peers}} } @{$config->{listen}};
start_signerd($config);
write_file('passwords', "demo:{PLAIN}secret\n");
my $aes = '5a' x 32;
write_file('secrets', unpack('H*', 'shared-1') . ":$aes\n", 0600);
is(signerctl(qw(ra issue --cmp --key-type ec:P-256 --subject), 'CN=EST', '--key', path('est.key'), '--out',
    path('est.pem'))->{status}, 0, 'a certificate for keys that are made');
start_nginx(<<'END');
    est_auth basic; est_password_file %%DIR%%/passwords; est_channel_binding on;
    location /.well-known/est/ { est_pass signerd; est_profile device; }
    location /.well-known/est/asks/ { est_pass signerd; est_profile asks; est_label asks; }
    location /.well-known/est/stays/ { est_pass signerd; est_profile device; est_label stays; est_auth mtls;
        est_client_certificate %%DIR%%/ca/chain.pem; }
    location /.well-known/est/moves/ { est_pass signerd; est_profile moves; est_label moves; est_auth basic mtls;
        est_client_certificate %%DIR%%/ca/chain.pem; }
    location /.well-known/est/keys/ { est_pass signerd; est_profile keys; est_label keys; est_keygen on;
        est_certificate %%DIR%%/est.pem; est_certificate_key %%DIR%%/est.key; est_keygen_secrets %%DIR%%/secrets; }
    location /.well-known/est/sealed/ { est_pass signerd; est_profile keys; est_label sealed; est_keygen on;
        est_certificate %%DIR%%/est.pem; est_certificate_key %%DIR%%/est.key; est_keygen_encrypt csr; }
    location /.well-known/est/token/ { est_pass signerd; est_profile device; est_label token; est_auth bearer mtls;
        est_satisfy all; est_client_certificate %%DIR%%/ca/chain.pem; }
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

# --- a token beside the certificate ---

write_file('token', signerctl(qw(token create --profile device --ttl 1h))->{out}, 0600);
@renew = ('--cert', path('bound.pem'), '--key', path('bound.key'), '--out', path('bound.pem'));
is(est('/token', 'reenroll', @renew)->{status}, 1, 'a renewal that wants a token');
$result = est('/token', 'reenroll', @renew, '--token-file', path('token'));
is($result->{status}, 0, 'has it') or diag $result->{err};

# --- keys that the server makes ---

sub key_made {
    my ($name, $label, @options) = @_;
    my $made = est($label, 'serverkeygen', @demo, '--new-key', path("$name.key"), '--out', path("$name.pem"),
        '--subject', "CN=$name", @options);
    is($made->{status}, 0, "serverkeygen: $name") or return diag $made->{err};
    is(public_key($name), cert_text(read_file("$name.pem"), '-pubkey'), "$name: the key is that of the certificate");
    like(cert_text(read_file("$name.pem"), '-subject'), qr/CN = \Q$name\E$/m, "$name: with the name");
    is((stat path("$name.key"))[2] & 07777, 0600, "$name: nobody else reads it");
    unlike($made->{out} . $made->{err}, qr/PRIVATE KEY/, "$name: it is shown nowhere");
    return $made->{out};
}
write_file('aes', "$aes\n", 0600);
write_file('other-aes', '00' x 32 . "\n", 0600);
my @shared = ('--decrypt-key-id', 'shared-1', '--decrypt-key-file');
key_made('plain-key', '/keys');
key_made('bound-key', '/keys', '--channel-binding');
my $signed = qr/who signed the private key has a certificate of a trusted CA/;
like(key_made("sealed-$_->[0]", '/keys', '--encrypt', '--key-type', $_->[1], '--json'), $signed, "$_->[1]: who signed it")
    for ['rsa', 'rsa:2048'], ['ec', 'ec:P-256'], ['p384', 'ec:P-384'];
like(key_made('shared', '/keys', @shared, path('aes'), '--json'), $signed, 'a shared key: who signed it');
key_made('unasked', '/sealed');
for my $case (
    ['a key that the server does not know', '/keys', '--decrypt-key-id', 'shared-2', '--decrypt-key-file', path('aes')],
    ['no shared keys there', '/sealed', @shared, path('aes')],
    ['the wrong shared key', '/keys', @shared, path('other-aes')],
    ['a profile that makes none', ''],
) {
    my ($name, $label, @options) = @$case;
    my $refused = est($label, 'serverkeygen', @demo, '--new-key', path('none.key'), '--subject', 'CN=none', @options);
    isnt($refused->{status}, 0, "serverkeygen: $name");
    ok(!-e path('none.key'), "$name: no key is written");
}

# --- from outside ---

$result = est('', 'test');
is($result->{status}, 0, 'est test') or diag $result->{out} . $result->{err};
like($result->{out}, qr/^simpleenroll +ok +asks for credentials: Basic/m, 'it wants a password');
