# csrattrs (RFC 7030 4.5, RFC 9908): a client that follows the answer is accepted, one that does
# not is refused with the name of what is missing.
use strict;
use warnings;
use Enroll::Test;
use MIME::Base64 ();

ca_init();
my $config = signerd_config();
my $device = $config->{profiles}{device};
my %usages = (key_usage => ['digitalSignature', 'keyEncipherment'], extended_key_usage => ['clientAuth']);
my %profiles = (
    any => {},
    rsa => {keys => ['rsa:3072']},
    curve => {keys => ['ec:P-384']},
    edwards => {keys => ['ed25519']},
    subject => {subject => {CN => {required => JSON::PP::true()}, O => {required => JSON::PP::true(), patterns => ['Acme']}}},
    san => {san_required => JSON::PP::true(), san => {dns => ['*.example']}},
    only => {san_required => JSON::PP::true(), san => {dns => ['a.example']}},
    challenge => {required_attributes => ['challengePassword', '1.2.3.4']},
    usages => {%usages, keys => ['ec:P-256'], est => {csr_attributes => {extensions => ['keyUsage', 'extendedKeyUsage']}}},
    old => {keys => ['ec:P-384'], est => {csr_attributes => {form => 'attributes'}}},
    new => {keys => ['ec:P-384'], est => {csr_attributes => {form => 'template'}}},
);
$config->{profiles}{$_} = {%$device, %{$profiles{$_}}} for keys %profiles;
start_signerd($config);
start_nginx(join '', map { <<"END" } sort keys %profiles);
    location /.well-known/est/$_/ { est_pass signerd; est_profile $_; est_auth none; }
END

# What openssl sees in the answer.
sub attributes {
    my ($profile) = @_;
    my $reply = get("/.well-known/est/$profile/csrattrs");
    is($reply->{status}, 200, "$profile: 200") or return '';
    is($reply->{headers}{'content-type'}, 'application/csrattrs', "$profile: the media type");
    return must({in => MIME::Base64::decode_base64($reply->{body})}, qw(openssl asn1parse -inform DER));
}

my @key = qw(-algorithm EC -pkeyopt);
my %keys = (p256 => [@key, 'ec_paramgen_curve:P-256'], p384 => [@key, 'ec_paramgen_curve:P-384'],
    rsa => [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:3072)], small => [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)],
    edwards => [qw(-algorithm ED25519)]);
new_key($_, @{$keys{$_}}) for keys %keys;

sub enroll {
    my ($profile, $key, $subject, @options) = @_;
    return post("/.well-known/est/$profile/simpleenroll", slurp(new_csr($key, $subject, @options)));
}

sub accepted {
    my ($profile, @csr) = @_;
    my $reply = enroll($profile, @csr);
    return is($reply->{status}, 200, "$profile: who follows is accepted") || diag $reply->{body};
}

sub refused {
    my ($profile, $text, @csr) = @_;
    my $reply = enroll($profile, @csr);
    is($reply->{status}, 403, "$profile: who does not is refused");
    return like($reply->{body}, $text, "$profile: with the name");
}

my $reply = get('/.well-known/est/any/csrattrs');
is($reply->{status}, 204, 'any: 204 where nothing is asked for');
is($reply->{body}, '', 'any: and nothing is said');
is(http('/.well-known/est/rsa/csrattrs', '--head')->{status}, 200, 'HEAD');

# --- the key ---

my $text = attributes('rsa');
like($text, qr/rsaEncryption.*SET.*INTEGER\s+:0C00/s, 'rsa: type and size');
like($text, qr/1\.2\.840\.113549\.1\.9\.16\.2\.61/, 'rsa: and a template beside them');
accepted('rsa', 'rsa', '/CN=a');
refused('rsa', qr/^profile: keys: rsa:2048 is none of rsa:3072$/, 'small', '/CN=a');
refused('rsa', qr/^profile: keys: ec:P-256 is none of rsa:3072$/, 'p256', '/CN=a');

like(attributes('curve'), qr/id-ecPublicKey.*SET.*secp384r1/s, 'curve: type and curve');
accepted('curve', 'p384', '/CN=a');
refused('curve', qr/^profile: keys: ec:P-256 is none of ec:P-384$/, 'p256', '/CN=a');

like(attributes('edwards'), qr/ED25519/, 'edwards: the type');
accepted('edwards', 'edwards', '/CN=a');
refused('edwards', qr/^profile: keys: ec:P-256 is none of ed25519$/, 'p256', '/CN=a');

# --- names ---

$text = attributes('subject');
like($text, qr/commonName.*organizationName.*UTF8STRING\s+:Acme/s, 'subject: types, and the value that is left');
accepted('subject', 'p256', '/O=Acme/CN=a');
refused('subject', qr/^profile: subject: O is required$/, 'p256', '/CN=a');
refused('subject', qr/^profile: subject: CN is required$/, 'p256', '/O=Acme');
refused('subject', qr/^profile: subject: O: "Other" matches no pattern$/, 'p256', '/O=Other/CN=a');

$text = attributes('san');
like($text, qr/OBJECT\s+:X509v3 Subject Alternative Name/, 'san: the extension');
like($text, qr/1\.2\.840\.113549\.1\.9\.16\.2\.62/, 'san: as a template of it where the value is the client\'s');
accepted('san', 'p256', '/CN=a', -addext => 'subjectAltName=DNS:b.example');
refused('san', qr/^profile: san: subjectAltName is required$/, 'p256', '/CN=a');

$text = attributes('only');
like($text, qr/Extension Request.*Subject Alternative Name.*OCTET STRING\s+\[HEX DUMP\]:300B8209612E6578616D706C65/s, 'only: its value');
unlike($text, qr/1\.2\.840\.113549\.1\.9\.16\.2\.62/, 'only: in no template of extensions');
accepted('only', 'p256', '/CN=a', -addext => 'subjectAltName=DNS:a.example');
refused('only', qr/^profile: san: "dns:b\.example" is not allowed$/, 'p256', '/CN=a', -addext => 'subjectAltName=DNS:b.example');

# --- attributes of the CSR, and extensions ---

like(attributes('challenge'), qr/challengePassword.*:1\.2\.3\.4$/ms, 'challenge: the attributes');
refused('challenge', qr/^profile: required_attributes: challengePassword is missing$/, 'p256', '/CN=a');
write_file('req.cnf', "oid_section=o\n[o]\nodd=1.2.3.4\n[req]\nprompt=no\ndistinguished_name=d\nattributes=a\n[d]\nCN=a\n"
    . "[a]\nchallengePassword=secret\n1.2.3.4=odd\n");
must(qw(openssl req -new -config), path('req.cnf'), '-key', path('p256.key'), '-out', path('odd.csr'));
is(post('/.well-known/est/challenge/simpleenroll', read_file('odd.csr'))->{status}, 200, 'challenge: who follows is accepted');

$text = attributes('usages');
like($text, qr/Extension Request.*X509v3 Key Usage.*03020780.*Extended Key Usage.*300A06082B06010505070302/s,
    'usages: as the certificate has them with such a key');
my @usages = (-addext => 'keyUsage=critical,digitalSignature', -addext => 'extendedKeyUsage=clientAuth');
accepted('usages', 'p256', '/CN=a', @usages);
my $rule = qr/^profile: est\.csr_attributes:/;
refused('usages', qr/$rule keyUsage is missing$/, 'p256', '/CN=a');
refused('usages', qr/$rule extendedKeyUsage is missing$/, 'p256', '/CN=a', @usages[0, 1]);
refused('usages', qr/$rule keyUsage is not as csrattrs has it$/, 'p256', '/CN=a',
    -addext => 'keyUsage=critical,keyEncipherment', @usages[2, 3]);

# --- the forms ---

unlike(attributes('old'), qr/1\.2\.840\.113549\.1\.9\.16\.2\.61/, 'old: no template');
unlike(attributes('new'), qr/OBJECT\s+:id-ecPublicKey.*1\.2\.840\.113549\.1\.9\.16\.2\.61/s, 'new: nothing before the template');
accepted('new', 'p384', '/CN=a');

allow_log(qr/connect\(\) to unix:.* failed/);
stop('signerd');
is(get('/.well-known/est/rsa/csrattrs')->{status}, 503, 'without signerd nobody knows');
