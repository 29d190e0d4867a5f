# `signerctl ra issue`: a key that stays where it was made, and a certificate that OpenSSL, nginx
# and an auditor can use.
use strict;
use warnings;
use Enroll::Test;

my $user = $< + 0;
my @sockets = (
    {path => path('signerd.sock'), mode => '0600', peers => [
        {name => 'nginx', user => $user, role => 'frontend', profiles => '*'}]},
    {path => path('reader.sock'), mode => '0600', peers => [
        {name => 'monitoring', user => $user, role => 'reader'}]},
    {path => path('admin.sock'), mode => '0600', peers => [
        {name => 'operator', user => $user, role => 'admin'}]},
);
ca_init();
my $config = signerd_config(listen => \@sockets);
$config->{cas}{issuing}{crl_urls} = ['http://pki.example.com/issuing.crl'];
start_signerd($config);

sub ra_issue { return signerctl(qw(ra issue), @_) }

# The options with file names of this test's folder.
sub files { my ($key, $out) = @_; return ('--key', path($key), '--out', path($out)) }

sub pems { return slurp(path($_[0])) =~ /(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n)/sg }

sub refused {
    my ($result, $status, $reason, $what) = @_;
    is($result->{status}, $status, "$what: exit status");
    like($result->{err}, qr/^signerctl: .*$reason/, "$what: reason");
    return;
}

# --- a new key ---

my $made = ra_issue('--subject', 'O=Example,CN=SCEP RA', files('ra.key', 'ra.pem'));
is($made->{status}, 0, 'issued') or diag $made->{err};
like($made->{out}, qr/^Subject: +CN=SCEP RA,O=Example$/m, 'tells the subject');
like($made->{out}, qr/^wrote \Q@{[path('ra.key')]}\E\nwrote \Q@{[path('ra.pem')]}\E$/m, 'and the files');
is((stat path('ra.key'))[2] & 07777, 0600, 'the key is its owner\'s alone');
is((stat path('ra.pem'))[2] & 0777, 0644, 'the certificate is everybody\'s');

my ($certificate, @chain) = pems('ra.pem');
is(join('', @chain), join('', pems('ca/chain.pem')), 'the certificate is followed by the chain');
is(cert_text($certificate, '-pubkey'), public_key('ra'), 'it is that of the key');
my $text = cert_text($certificate);
like($text, qr/Public-Key: \(2048 bit\)/, 'RSA of 2048 bits');
like($text, qr/Key Usage: critical\n +Digital Signature, Key Encipherment\n/, 'signs and is encrypted to');
like($text, qr/CA:FALSE/, 'no CA');
unlike($text, qr/Extended Key Usage|Alternative Name/, 'no purposes, no names');
like($text, qr/Subject Key Identifier.*Authority Key Identifier/s, 'key identifiers');
like($text, qr{CRL Distribution Points.*http://pki\.example\.com/issuing\.crl}s, 'where its CRL is');
is(run(qw(openssl x509 -noout -checkend), 729 * 86400, '-in', path('ra.pem'))->{status}, 0, 'for two years');
is(run(qw(openssl x509 -noout -checkend), 731 * 86400, '-in', path('ra.pem'))->{status}, 1, 'and no longer');
like(must(qw(openssl verify -x509_strict -CAfile), path('ca/root.pem'), '-untrusted', path('ca/issuing.pem'),
    path('ra.pem')), qr/OK/, 'openssl verifies it');

# --- what signerd knows ---

my ($listed) = @{JSON::PP::decode_json(signerctl(qw(--json cert list --profile (ra)))->{out})->{certificates}};
is($listed->{subject}, 'CN=SCEP RA,O=Example', 'listed');
is($listed->{ca}, 'issuing', 'with its CA');
my ($row) = audit_rows();
is("@$row{qw(operation decision profile peer serial)}", "ra allow (ra) operator $listed->{serial}", 'recorded');

my $secret = join '', slurp(path('ra.key')) =~ /^([A-Za-z0-9+\/=]+)$/mg;
my $prime = do {
    my ($hex) = must(qw(openssl pkey -noout -text -in), path('ra.key')) =~ /prime1:\n([0-9a-f:\s]+)/;
    $hex =~ s/[:\s]//g;
    pack 'H*', $hex =~ s/^00//r;
};
is(length $prime, 128, 'a prime of the key');
for my $file (grep { -f } glob(path('signerd*'))) {
    my $bytes = slurp($file);
    ok(index($bytes, $prime) < 0 && index($bytes, substr $secret, 64, 64) < 0, "no key in $file");
}

# --- the key that is there ---

my $key_before = slurp(path('ra.key'));
is(ra_issue('--subject', 'CN=SCEP RA', files('ra.key', 'second.pem'), '--validity', '30d', '--ca', 'issuing')->{status},
    0, 'the same key again');
is(slurp(path('ra.key')), $key_before, 'the key has not changed');
my ($second) = pems('second.pem');
is(cert_text($second, '-pubkey'), cert_text($certificate, '-pubkey'), 'another certificate for it');
isnt(cert_text($second, '-serial'), cert_text($certificate, '-serial'), 'with a serial of its own');
is(run(qw(openssl x509 -noout -checkend), 31 * 86400, '-in', path('second.pem'))->{status}, 1, 'as short as asked for');
refused(ra_issue('--subject', 'CN=SCEP RA', files('ra.key', 'third.pem'), qw(--key-type rsa:3072)), 1,
    'of another kind: rsa:2048', 'another kind of key');
ok(!-e path('third.pem'), 'and leaves no file');

new_key('ec');
is(ra_issue('--subject', 'CN=EC RA', files('ec.key', 'ec.pem'))->{status}, 0, 'a key of openssl\'s');
like(cert_text(slurp(path('ec.pem'))), qr/Key Usage: critical\n +Digital Signature\n/, 'that only signs');
is(ra_issue('--subject', 'CN=RA 3', files('three.key', 'three.pem'), qw(--key-type ec:P-384))->{status}, 0, 'P-384');
is(ra_issue('--json', '--subject', 'CN=RA 4', files('four.key', 'four.pem'), qw(--key-type rsa:3072))->{status}, 0,
    'RSA of 3072 bits');

# --- for CMP ---

is(ra_issue('--subject', 'CN=CMP RA', files('cmp.key', 'cmp.pem'), '--cmp')->{status}, 0, 'for CMP');
my $cmp = cert_text(slurp(path('cmp.pem')));
like($cmp, qr/Extended Key Usage: \n +(?:CMC Registration Authority|1\.3\.6\.1\.5\.5\.7\.3\.28)\n/, 'cmcRA alone');
like($cmp, qr/Key Usage: critical\n +Digital Signature, Key Encipherment\n/, 'signs and is encrypted to');
is(ra_issue('--subject', 'CN=CMP RA', files('kga.key', 'kga.pem'), qw(--cmp --key-generation --key-type ec:P-256))->{status},
    0, 'with the generation of keys');
$cmp = cert_text(slurp(path('kga.pem')));
like($cmp, qr/(?:CMC Registration Authority|7\.3\.28), (?:cmKGA|Certificate Management Key Generation Authority|\S*7\.3\.32)/, 'cmcRA and cmKGA');
like($cmp, qr/Key Usage: critical\n +Digital Signature, Key Agreement\n/, 'signs and agrees');
is(ra_issue('--subject', 'CN=CMP RA', files('ed.key', 'ed.pem'), qw(--cmp --key-type ed25519))->{status}, 0, 'Ed25519');

# --- refusals ---

my $out_before = slurp(path('ra.pem'));
refused(ra_issue('--subject', 'CN=SCEP RA', files('five.key', 'ra.pem')), 1, 'File exists', 'file that exists');
is(slurp(path('ra.pem')), $out_before, 'and stays as it is');
ok(!-e path('five.key'), 'no key either');

sub leaves_nothing {
    my ($result, $status, $reason, $what) = @_;
    refused($result, $status, $reason, $what);
    ok(!-e path('no.key') && !-e path('no.pem'), "$what: no files");
    return;
}
my @no = files('no.key', 'no.pem');
leaves_nothing(ra_issue('--subject', 'nonsense', @no), 1, 'name', 'no name');
leaves_nothing(ra_issue('--subject', 'O=Example', @no), 1, 'profile: subject', 'no CN');
leaves_nothing(ra_issue('--subject', 'O=Example,CN=Example Issuing CA', @no), 1, 'that of a CA', 'name of a CA');
leaves_nothing(ra_issue('--subject', 'CN=RA', @no, qw(--key-type ed25519)), 1, 'profile: keys', 'Ed25519');
leaves_nothing(ra_issue('--subject', 'CN=RA', @no, qw(--key-type rsa:1024)), 1, 'RSA size: 1024', 'short key');
leaves_nothing(ra_issue('--subject', 'CN=RA', @no, qw(--ca other)), 1, 'no such CA', 'another CA');
leaves_nothing(ra_issue('--subject', 'CN=RA', @no, qw(--validity 11y)), 2, 'not a validity', 'years');
leaves_nothing(ra_issue('--subject', 'CN=RA', @no, '--key-generation'), 2, 'goes with --cmp', 'keys without CMP');
leaves_nothing(ra_issue('--subject', 'CN=RA', @no, qw(--cmp --key-generation --key-type ed448)), 1, 'profile: keys',
    'Ed448 signs no keys');
leaves_nothing(ra_issue('--subject', 'CN=RA', '--key', path('no.key')), 2, 'out', 'no file for it');
refused(ra_issue('--subject', 'CN=RA', '--key', path('ca/issuing.key'), '--out', path('no.pem')), 1,
    'the key is that of a CA', 'the CA\'s key');
ok(!-e path('no.pem'), 'and has no file');
for my $role (qw(signerd reader)) {
    leaves_nothing(run("$ENV{ENROLL_BIN}/signerctl", '--socket', path("$role.sock"), qw(ra issue --subject CN=RA), @no),
        1, 'not permitted', "$role.sock");
}
is((grep { $_->{operation} eq 'ra' && $_->{decision} eq 'deny' } audit_rows())[0]{reason}, 'denied',
    'refusals are recorded');

# --- the end of one ---

my $serial = lc((cert_text($second, '-serial') =~ /=(.*)/)[0]);
is(signerctl('revoke', $serial, qw(--reason superseded))->{status}, 0, 'revoked');
like(signerctl(qw(cert show), $serial)->{out}, qr/revoked/, 'and shown as revoked');
like(signerctl(qw(audit verify))->{out}, qr/chain intact/, 'the chain of records is intact');
