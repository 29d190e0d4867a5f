# What a profile does not allow is refused before anything is signed; the refusal names the rule.
use strict;
use warnings;
use Enroll::Test;

ca_init();
my %base = (
    ca => 'issuing', validity => '30d', keys => ['ec:P-256', 'rsa:2048-3072'],
    subject => {CN => {required => JSON::PP::true, patterns => ['*.example.com']}, O => {}},
    san => {dns => ['*.example.com', '\*.wild.example.com'], ip => ['192.0.2.0/24', '2001:db8::/32']},
    key_usage => ['digitalSignature', 'keyEncipherment'], extended_key_usage => ['clientAuth'],
);
my %profiles = (
    device => {%base},
    stapled => {%base, must_staple => JSON::PP::true, backdate => '1h'},
    named => {%base, san_required => JSON::PP::true},
    nameless => {%base, empty_subject => JSON::PP::true},
    lenient => {%base, requested_usages => 'ignore'},
    challenged => {%base, required_attributes => ['challengePassword']},
    long => {%base, validity => '3650d'},
);
my $config = signerd_config(profiles => \%profiles);
@{$config->{cas}{issuing}}{qw(crl_urls ocsp_urls)} = (['http://crl.example.com/ca.crl'], ['http://ocsp.example.com/']);
start_signerd($config);
start_nginx(join "\n", map { "location /.well-known/est/$_/ { est_pass signerd; est_profile $_; est_auth none; }" }
    sort keys %profiles);

my $runs = 0;

# The reply to a CSR with these options of openssl req; key => options of openssl genpkey.
sub asked {
    my ($profile, $subject, @options) = @_;
    my $name = 'csr' . ++$runs;
    new_key($name, @{shift @options}) if ref $options[0];
    new_csr($name, $subject, @options);
    return post("/.well-known/est/$profile/simpleenroll", read_file("$name.csr"));
}
sub san { return (-addext => "subjectAltName=$_[0]") }

my $cn = '/CN=a.example.com';
my @refused = (
    ['subject', device => '/CN=a.example.org'],
    ['subject', device => '/CN=a.b.example.com'],
    ['subject', device => '/O=Example'],
    ['subject', device => "$cn/OU=unit"],
    ['subject', device => '/'],
    ['subject', nameless => '/'],
    ['san', device => $cn, san('DNS:a.example.org')],
    ['san', device => $cn, san('DNS:*.example.com')],
    ['san', device => $cn, san('IP:198.51.100.1')],
    ['san', device => $cn, san('email:a@example.com')],
    ['san', device => $cn, san('DNS:a.example.com,URI:https://a.example.com')],
    ['san', named => $cn],
    ['keys', device => $cn, [qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-384)]],
    ['keys', device => $cn, [qw(-algorithm ED25519)]],
    ['keys', device => $cn, [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:1024)]],
    ['keys', device => $cn, [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:4096)]],
    ['basic_constraints', device => $cn, -addext => 'basicConstraints=critical,CA:TRUE'],
    ['basic_constraints', lenient => $cn, -addext => 'basicConstraints=CA:TRUE'],
    ['key_usage', device => $cn, -addext => 'keyUsage=keyCertSign'],
    ['extended_key_usage', device => $cn, -addext => 'extendedKeyUsage=serverAuth'],
    ['must_staple', device => $cn, -addext => 'tlsfeature=status_request'],
    ['required_attributes', challenged => $cn],
);
for my $case (@refused) {
    my ($rule, $profile, @csr) = @$case;
    my $reply = asked($profile, @csr);
    is($reply->{status}, 403, "$profile: @csr[0 .. $#csr]") or diag $reply->{body};
    like($reply->{body}, qr/^profile: \Q$rule\E: .+\n\z/, "names the rule: $rule");
}
my @denied = grep { $_->{decision} eq 'deny' } audit_rows();
is(scalar @denied, scalar @refused, 'each refusal is in the audit');
is(scalar(grep { $_->{reason} =~ /^(?:denied|weak_key)$/ && $_->{detail} =~ /^profile: / } @denied), scalar @refused,
    'with its reason');

my @allowed = (
    [device => $cn],
    [device => '/CN=A.EXAMPLE.COM/O=anything'],
    [device => $cn, san('DNS:a.example.com,IP:192.0.2.9,IP:2001:db8::1,DNS:*.wild.example.com')],
    [device => $cn, [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)]],
    [device => $cn, -addext => 'basicConstraints=CA:FALSE', -addext => 'keyUsage=digitalSignature'],
    [device => $cn, -addext => 'extendedKeyUsage=clientAuth'],
    [nameless => '/', san('DNS:a.example.com')],
    [lenient => $cn, -addext => 'extendedKeyUsage=serverAuth', -addext => 'keyUsage=keyCertSign'],
);
my %text;
for my $case (@allowed) {
    my $reply = asked(@$case);
    is($reply->{status}, 200, "allowed: @$case") or diag $reply->{body};
    my ($pem) = certificates($reply->{body});
    $text{"@$case[0, 1]"} = cert_text($pem);
    unlike($text{"@$case[0, 1]"}, qr/TLS Web Server|Certificate Sign|CA:TRUE/, 'the profile decides what it is for');
}
my $text = $text{"device $cn"};
like($text, qr/X509v3 Key Usage: critical\s+Digital Signature\n/, 'no encipherment with an EC key');
like($text, qr{URI:http://crl\.example\.com/ca\.crl}, 'CRL URL');
like($text, qr{OCSP - URI:http://ocsp\.example\.com/}, 'OCSP URL');
like($text{'nameless /'}, qr/X509v3 Subject Alternative Name: critical/, 'SAN critical without a subject (RFC 5280 4.2.1.6)');

my ($pem) = certificates(asked(device => $cn, [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)])->{body});
like(cert_text($pem), qr/Digital Signature, Key Encipherment/, 'encipherment with an RSA key');
($pem) = certificates(asked(stapled => $cn)->{body});
like(cert_text($pem), qr/TLS Feature:\s+status_request/, 'must-staple');
my @authority = split /\n/, cert_text(read_file('ca/issuing.pem'), '-enddate', '-startdate');
($pem) = certificates(asked(long => $cn)->{body});
is((split /\n/, cert_text($pem, '-enddate'))[0], $authority[0], "never beyond the CA's end");
