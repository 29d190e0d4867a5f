# Keys that are made for clients of EST (RFC 7030 4.4): plain and encrypted, once and for who may.
use strict;
use warnings;
use Enroll::Keygen;
use Enroll::Test;
use MIME::Base64 ();

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
my ($k16, $k32) = ('11' x 16, '22' x 32);
write_file('secrets', "# shared\n0102:$k16\nAABBCC:$k32\n", 0600);
my $config = signerd_config();
$config->{profiles}{device}{est} = {key_generation => JSON::PP::true()};
$config->{profiles}{device}{key_usage} = ['digitalSignature', 'keyEncipherment', 'keyAgreement'];
$config->{profiles}{none} = {%{$config->{profiles}{device}}, est => {}};
$config->{profiles}{ec} = {%{$config->{profiles}{device}}, keys => ['ec:P-384']};
$config->{profiles}{signs} = {%{$config->{profiles}{device}}, key_usage => ['digitalSignature']};
$config->{profiles}{asks} = {%{$config->{profiles}{device}}, approval => 'manual'};
start_signerd($config);
my $made = signerctl(qw(ra issue --cmp --key-type ec:P-256 --subject), 'O=Example,CN=EST', '--key', path('est.key'),
    '--out', path('est.pem'));
is($made->{status}, 0, 'a certificate to sign with') or diag $made->{err};
my $common = 'est_pass signerd; est_profile device; est_auth basic mtls; est_password_file %%DIR%%/passwords; '
    . 'est_client_certificate %%DIR%%/ca/chain.pem; est_certificate %%DIR%%/est.pem; est_certificate_key %%DIR%%/est.key;';
my $keygen = "$common est_keygen on; est_keygen_secrets %%DIR%%/secrets;";
(my $tokens = $keygen) =~ s/est_auth basic mtls;/est_login_failures off;/;
start_nginx(<<"END");
    location /.well-known/est/ { $keygen est_label none none; est_label ec ec; est_label signs signs; est_label asks asks; }
    location /.well-known/est/csr/ { $keygen est_keygen_encrypt csr; }
    location /.well-known/est/required/ { $keygen est_keygen_encrypt required; est_chain on; }
    location /.well-known/est/off/ { $common }
    location /.well-known/est/token/ { $tokens est_auth bearer; }
    location /.well-known/est/all/ { $tokens est_auth bearer mtls; est_satisfy all; }
    location /.well-known/est/bare/ { $common est_keygen on; }
END

my @demo = (-u => 'demo:secret');
sub ask { my ($label, $csr, @options) = @_; return post("/.well-known/est/${label}serverkeygen", $csr, @options ? @options : @demo) }

# Of the certificate in the answer.
sub certified { my ($part) = @_; return cert_text((certificates($part->{der}))[0], @_[1 .. $#_]) }

my @secret_texts;    # what must be found nowhere

# A key as it is. The second argument is the kind that comes.
sub comes_plain {
    my ($name, $reply, $kind) = @_;
    is($reply->{status}, 200, "$name: status") or return diag $reply->{body};
    my ($key, $certificate, @more) = parts($reply);
    is(scalar @more, 0, "$name: two parts");
    is_deeply([map { $_->{type}, $_->{smime}, $_->{encoding}, $_->{defects} } $key, $certificate],
        ['application/pkcs8', undef, 'base64', 0, 'application/pkcs7-mime', 'certs-only', 'base64', 0], "$name: media types");
    is(key_of($key->{der}), certified($certificate, '-pubkey'), "$name: the key is that of the certificate");
    like(certified($certificate), qr/$kind/, "$name: the kind of key");
    push @secret_texts, $key->{der};
    return certified($certificate, '-serial');
}

for my $case (
    ['RSA-2048', qr/2048 bit/, qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)],
    ['RSA-4096', qr/4096 bit/, qw(-algorithm RSA -pkeyopt rsa_keygen_bits:4096)],
    ['P-256', qr/prime256v1/, qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)],
    ['P-384', qr/secp384r1/, qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-384)],
    ['Ed25519', qr/ED25519/i, qw(-algorithm ed25519)],
    ['RSA-1024, which the profile does not take', qr/2048 bit/, qw(-algorithm RSA -pkeyopt rsa_keygen_bits:1024)],
    ['P-521, the same', qr/2048 bit/, qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-521)],
) {
    my ($name, $kind, @options) = @$case;
    (my $file = $name) =~ s/\W.*//;
    new_key($name, @options);
    my $reply = ask('', slurp(new_csr($name, "/CN=device-1")));
    comes_plain($name, $reply, $kind);
    is($reply->{headers}{'cache-control'}, 'no-store', "$name: not to be cached");
}
new_csr('device', '/CN=device-1');
my $csr = read_file('device.csr');
comes_plain('another profile', ask('ec/', $csr), qr/secp384r1/);

# RFC 7030 4.4.1: key and signature of the CSR count for nothing.
my $der = must(qw(openssl req -outform DER -in), path('device.csr'));
my $unsigned = $der;
substr $unsigned, -1, 1, chr(ord(substr $unsigned, -1) ^ 1);
comes_plain('a CSR whose signature is broken', ask('', $unsigned), qr/prime256v1/);
is(post('/.well-known/est/simpleenroll', $unsigned, @demo)->{status}, 400, 'which is refused elsewhere');

# --- each request is one of its own, unless it has a key ---

my %serials = map { comes_plain("request $_", ask('', $csr), qr/prime256v1/) => 1 } 1 .. 3;
is(scalar keys %serials, 3, 'equal requests: three certificates');
my @key = (@demo, -H => 'Idempotency-Key: once');
comes_plain('with an Idempotency-Key', ask('', $csr, @key), qr/prime256v1/);
my $again = ask('', $csr, @key);
is($again->{status}, 409, 'and again: refused');
like($again->{body}, qr/the private key went out with the first answer/, 'with the cause');
is(post('/.well-known/est/simpleenroll', $csr, @key)->{status}, 200, 'the key counts for this operation alone');

# --- encrypted ---

# A key that openssl opens with these options.
sub comes_encrypted {
    my ($name, $reply, $kind, @options) = @_;
    is($reply->{status}, 200, "$name: status") or return diag $reply->{body};
    my ($key, $certificate, @more) = parts($reply);
    is_deeply([map { $_->{type}, $_->{smime}, $_->{encoding} } $key, $certificate],
        ['application/pkcs7-mime', 'server-generated-key', 'base64', 'application/pkcs7-mime', 'certs-only', 'base64'],
        "$name: media types");
    my $structure = run({in => $key->{der}}, qw(openssl cms -cmsout -print -noout -inform DER))->{out};
    like($structure, $kind, "$name: the recipient");
    my $private = opened($key->{der}, @options);
    is(key_of($private), certified($certificate, '-pubkey'), "$name: the key is that of the certificate");
    push @secret_texts, $private if $private;
    return $key->{der};
}

my %agree = (curve => qr/d\.kari.*subjectKeyIdentifier/s, rsa => qr/d\.ktri.*subjectKeyIdentifier/s, kek => qr/d\.kekri/);
new_key('rsa', qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048));
new_key('p384', qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-384));

# The identifier of a key (RFC 5280 4.2.1.2), as openssl computes it.
sub identifier {
    my ($name) = @_;
    my $pem = must(qw(openssl req -new -x509 -days 2 -subj /CN=x -config /dev/null -addext subjectKeyIdentifier=hash -key),
        path("$name.key"));
    my ($text) = cert_text($pem, qw(-ext subjectKeyIdentifier)) =~ /^\s+([0-9A-F:]{59})$/m;
    return $text =~ tr/://dr;
}

for my $case (['rsa', $agree{rsa}, 'OAEP'], ['p384', $agree{curve}, 'key agreement']) {
    my ($name, $kind, $what) = @$case;
    my @own = ('-inkey', path("$name.key"));
    my $id = asymmetric_id(identifier($name));
    comes_encrypted("$what, named", ask('', attributed_csr($name, '/CN=device-1', $id)), $kind, @own);
    comes_encrypted("$what, named, with capabilities", ask('', attributed_csr($name, '/CN=device-1', $id,
        capabilities(qw(aes128-cbc aes128-wrap rsa)))), qr/aes-128-cbc/, @own);
    new_csr($name, '/CN=device-1');
    comes_encrypted("$what, for the key of the CSR", ask('csr/', read_file("$name.csr")), $kind, @own);
    comes_encrypted("$what, where it is required", ask('required/', read_file("$name.csr")), $kind, @own);
    new_csr($name, '/CN=device-1');
    comes_plain("$what, not asked for", ask('', read_file("$name.csr")), qr/Public Key Algorithm/);
}
like(comes_encrypted('RSA, PKCS#1 v1.5 alone', ask('', attributed_csr('rsa', '/CN=device-1', asymmetric_id(identifier('rsa')),
    capabilities('rsa'))), qr/rsaEncryption/, '-inkey', path('rsa.key')), qr/./s, 'is what the client gets');

for my $case (['0102', $k16, 'id-aes128-wrap'], ['aabbcc', $k32, 'id-aes256-wrap']) {
    my ($id, $key, $wrap) = @$case;
    my @options = ('-secretkey', $key, '-secretkeyid', $id);
    comes_encrypted("a shared key, $wrap", ask('', attributed_csr('device', '/CN=device-1', symmetric_id($id))),
        qr/d\.kekri.*\Q$wrap\E/s, @options);
    comes_encrypted("$wrap, with capabilities", ask('required/', attributed_csr('device', '/CN=device-1', symmetric_id($id),
        capabilities('aes256-cbc', $wrap =~ s/id-aes(\d+)-wrap/aes$1-wrap/r))), qr/aes-256-cbc/, @options);
}

# The client's certificate, when its key may encrypt.
sub enrolled {
    my ($name, $label) = @_;
    my $reply = post("/.well-known/est/${label}simpleenroll", slurp(new_csr($name, '/CN=device-1')), @demo);
    write_file("$name.pem", certificates($reply->{body}));
    return ('--cert', path("$name.pem"), '--key', path("$name.key"));
}
my @client = enrolled('rsa', '');
comes_encrypted('the key of the client certificate',
    ask('', attributed_csr('device', '/CN=device-1', asymmetric_id(identifier('rsa'))), @client), $agree{rsa},
    '-recip', path('rsa.pem'), '-inkey', path('rsa.key'));
my @signer = enrolled('p384', 'signs/');
sub refused {
    my ($name, $reply, $status, $text) = @_;
    is($reply->{status}, $status, "$name: refused");
    like($reply->{body}, $text, "$name: the cause");
    return;
}
refused('a client certificate that may only sign', ask('', attributed_csr('device', '/CN=device-1',
    asymmetric_id(identifier('p384'))), @signer), 403, qr/keyUsage/);

# --- what is refused: nobody who asks for encryption gets a plain key ---

my $attribute = sub { return attributed_csr('device', '/CN=device-1', @_) };
my $no_key = qr/there is no key with that identifier/;
refused('an unknown shared key', ask('', $attribute->(symmetric_id('0103'))), 403, $no_key);
refused('no shared keys at all', ask('bare/', $attribute->(symmetric_id('0102'))), 403, $no_key);
refused('an unknown public key', ask('', $attribute->(asymmetric_id('00' x 20))), 403, $no_key);
refused('somebody else\'s certificate', ask('', $attribute->(asymmetric_id(identifier('rsa')))), 403, $no_key);
refused('two keys', ask('', $attribute->(symmetric_id('0102'), symmetric_id('aabbcc'))), 400, qr/second key/);
refused('keys of both kinds', ask('', $attribute->(symmetric_id('0102'), asymmetric_id('00'))), 400, qr/second key/);
refused('a cipher of the past', ask('', $attribute->(symmetric_id('0102'), capabilities('des3'))), 400, qr/SMIMECapabilities/);
refused('a key wrap for other keys', ask('', $attribute->(symmetric_id('0102'), capabilities('aes256-wrap'))), 400, qr/SMIMECapabilities/);
new_key('weak', qw(-algorithm RSA -pkeyopt rsa_keygen_bits:1024));
refused('a weak key to encrypt with', ask('csr/', slurp(new_csr('weak', '/CN=device-1'))), 403, qr/less than 2048 bits/);
new_key('ed', qw(-algorithm ed25519));
my $ed = slurp(new_csr('ed', '/CN=device-1'));
refused('a key that cannot encrypt, where it is required', ask('required/', $ed), 403, qr/is required/);
comes_plain('a key that cannot encrypt, elsewhere', ask('csr/', $ed), qr/ED25519/i);
refused('a profile that makes none', ask('none/', $csr), 403, qr/the profile makes no keys/);
refused('where a person decides', ask('asks/', $csr), 403, qr/where a person decides/);
refused('a location that makes none', ask('off/', $csr), 404, qr/no such EST resource/);
refused('a name that the profile does not allow', ask('', slurp(new_csr('named', '/L=Here/CN=device-1'))), 403, qr/subject/);
is(ask('', $csr, -u => 'demo:wrong')->{status}, 401, 'a wrong password');
is(ask('', $csr, -H => 'X-Nothing: 1')->{status}, 401, 'nobody');
is(get('/.well-known/est/serverkeygen', @demo)->{status}, 405, 'GET');
is(ask('', $csr, @demo, -H => 'Content-Type: text/plain')->{status}, 415, 'another media type');
is(ask('', 'nonsense', @demo)->{status}, 400, 'no CSR');

# --- by tokens ---

sub token { return (-H => 'Authorization: Bearer ' . signerctl(qw(token create --profile device), @_)->{out} =~ s/\n//r) }
my @once = token('--once');
refused('a token for once, and a name that the profile does not allow', ask('token/', slurp(new_csr('named', '/L=Here/CN=x')), @once),
    403, qr/subject/);
comes_plain('that token again', ask('token/', $csr, @once), qr/prime256v1/);
for my $case (['used', @once], ['unknown', -H => 'Authorization: Bearer ' . 'x' x 32]) {
    my ($name, @with) = @$case;
    my $reply = ask('token/', $csr, @with);
    is($reply->{status}, 401, "a token that is $name");
    like($reply->{headers}{'www-authenticate'}, qr/^Bearer .*error="invalid_token"$/, "$name: the challenge");
    unlike($reply->{body}, qr/pkcs8|multipart/, "$name: no key");
}
my @often = token(qw(--ttl 1h));
is(ask('all/', $csr, @often)->{status}, 401, 'all: not the token alone');
is(ask('all/', $csr, @client)->{status}, 401, 'all: not the certificate alone');
comes_plain('all: both', ask('all/', $csr, @client, @often), qr/prime256v1/);

# --- keys are kept nowhere ---

ok(@secret_texts > 15, 'keys were seen');
# Octets of its secret part: of RSA the last ones, else behind the header of the private value.
sub secret_of {
    my ($key) = @_;
    my $offset = length $key > 500 ? length($key) - 24 : $key =~ /\x04[\x20\x30](?=.{24})/s ? $+[0] : die 'another kind of key';
    $offset += -$offset % 3;    # as base64 has it
    return substr $key, $offset, 21;
}
sub found_in {
    my ($text) = @_;
    for my $secret (map { secret_of($_) } @secret_texts) {
        for my $form ($secret, unpack('H*', $secret), MIME::Base64::encode_base64($secret, '')) {
            return 1 if index($text, $form) >= 0;
        }
    }
    return 0;
}
ok(found_in($_), 'the search finds keys') for $secret_texts[-1], MIME::Base64::encode_base64($secret_texts[-1], '');
for my $file (qw(signerd.db signerd.db-wal error.log access.log)) {
    my $text = read_file($file);
    ok(!found_in($text), "no key in $file");
}
ok(!found_in(signerctl(qw(--json audit list))->{out}), 'no key in the audit');
for my $name (qw(signerd nginx)) { ok(!found_in(read_file("$name.log")), "no key in the log of $name") }
