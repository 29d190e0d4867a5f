# What openssl cmp of OpenSSL 3.5 does beside that of 3.0: questions with answers that it reads,
# certificate profiles, and keys that the server makes.
use strict;
use warnings;
use Enroll::CmpSite;

my $version = run(qw(openssl version))->{out};
plan(skip_all => "needs OpenSSL 3.5, and here is $version") if $version !~ /^OpenSSL (?:3\.[5-9]|[4-9])/;

# The server's certificate may make keys, too.
ca_init();
certify('cmp', ca => 'ca', subject => '/O=Example/CN=CMP', extensions =>
    "keyUsage=critical,digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.28,1.3.6.1.5.5.7.3.32");
write_file('cmp.pem', read_file('cmp.pem') . read_file('ca/issuing.pem'));
ca_init($_, '--root-name', "CN=$_ Root", '--name', "CN=$_ Issuing") for qw(vendor ra-ca);
write_file('trusted.pem', read_file('ca/root.pem') . read_file('vendor/root.pem'));
write_file('cmp-secrets', REFERENCE . ':' . SECRET . "\n", 0600);
my $config = cmp_config(key_generation => JSON::PP::true());
$config->{cas}{issuing}{crl} = {enabled => JSON::PP::true()};
start_cmp(config => $config, locations => cmp_location('/cmp', 'cmp_key_generation on;'));
device('device-1');

sub works {
    my ($result, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($result->{status}, 0, $name) || diag said($result), error_log();
}
sub is_there { my ($file, $name) = @_; return ok(-s path($file), $name) }
my @by_secret = by_secret();
my @by_certificate = by_certificate('device-1');

# --- questions ---

for (['by a secret', \@by_secret], ['by a signature', \@by_certificate]) {
    my ($how, $by) = @$_;
    unlink path('cas.pem');
    works(cmp('genm', @$by, qw(-infotype caCerts -cacertsout), path('cas.pem')), "caCerts, $how");
    my $issuing = read_file('ca/issuing.pem');
    like(-e path('cas.pem') ? read_file('cas.pem') : '', qr/\Q$issuing\E/, 'the CA is there');
}
works(cmp('genm', @by_secret, qw(-infotype certReqTemplate -template), path('template'), '-keyspec', path('keyspec')),
    'certReqTemplate');
is_there($_, "the $_") for qw(template keyspec);
my $root_update = cmp('genm', @by_secret, qw(-infotype rootCaCert -oldwithold), path('ca/root.pem'), '-newwithnew', path('new.pem'));
unlike(said($root_update), qr/PKIStatus: rejection|error message/i, 'rootCaCert: no refusal');
ok(!-s path('new.pem'), 'nothing takes the place of the root');
my $crl;
ok(wait_until(sub {
    $crl = cmp('genm', @by_secret, qw(-infotype crlStatusList -crlcert), path('cmp.pem'), qw(-crlform PEM -crlout), path('crl.pem'));
    -s path('crl.pem');
}), 'crlStatusList') or diag said($crl);
is(run(qw(openssl crl -noout -CAfile), path('ca/issuing.pem'), '-in', path('crl.pem'))->{status}, 0, 'it is the CRL');

works(cmp('genm', @by_secret, qw(-infotype crlStatusList -oldcrl), path('crl.pem'), '-crlout', path('newer.pem')),
    'crlStatusList, with the one that is there');
ok(!-s path('newer.pem'), 'there is none that is newer');

# --- certificates ---

gets(cmp('ir', @by_secret, wants('plain')), 'plain');
gets(cmp('cr', @by_certificate, wants('signed')), 'signed');
gets(cmp('ir', @by_secret, qw(-implicit_confirm), wants('implicit')), 'implicit');

# --- keys that the server makes ---

# OpenSSL 3.5 opens the envelope, finds the signature of who may make keys, and takes the
# AsymmetricKeyPackage inside for the one key of which it is a SEQUENCE (RFC 5958 2): that is as far
# as it comes.
for (['by a secret', 'made-1', \@by_secret], ['by an EC key', 'made-2', \@by_certificate]) {
    my ($how, $name, $by) = @$_;
    my $result = cmp('cr', @$by, qw(-centralkeygen -newkeyout), path("$name.key"), '-subject', "/CN=$name",
        '-certout', path("$name.pem"));
    my $taken = $result->{status} == 0 && cert_text(read_file("$name.pem"), '-pubkey') eq public_key($name);
    ok($taken || said($result) =~ /error decoding encryptedkey/, "a key from the server, $how: opened and verified")
        || diag said($result), error_log();
}
