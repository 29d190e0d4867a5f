# nginx -t finds what is wrong with a location of CMP, and says where.
use strict;
use warnings;
use Enroll::Test;

ca_init();

# --- certificates and keys ---

# Options: genpkey (a list), extensions (text).
sub pair {
    my ($name, %option) = @_;
    my @kind = @{$option{genpkey} || [qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)]};
    must(qw(openssl genpkey), @kind, '-out', path("$name.key"));
    must(qw(openssl req -new -key), path("$name.key"), '-subj', "/CN=$name", '-out', path("$name.csr"));
    my $extensions = write_file("$name.ext", ($option{extensions} // 'keyUsage=digitalSignature') . "\n");
    must(qw(openssl x509 -req -days 2 -in), path("$name.csr"), '-CA', path('ca/issuing.pem'), '-CAkey', path('ca/issuing.key'),
        '-CAcreateserial', '-extfile', $extensions, '-out', path("$name.pem"));
    chmod 0600, path("$name.key") or die $!;
    return;
}
my $rsa = [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)];
pair('cmp');
pair('rsa', genpkey => $rsa);
pair('keys', extensions => "keyUsage=digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.32");
pair('any', extensions => "keyUsage=digitalSignature\nextendedKeyUsage=anyExtendedKeyUsage");
pair('expired');
write_file('index', '');
write_file('ca.cnf', "[ca]\ndefault_ca = d\n[d]\ndatabase = " . path('index') . "\nnew_certs_dir = " . path()
    . "\nrand_serial = yes\ndefault_md = sha256\npolicy = p\ndefault_crl_days = 1\n[p]\ncommonName = supplied\n");
my @ca = (qw(openssl ca -batch -config), path('ca.cnf'), '-cert', path('ca/issuing.pem'), '-keyfile', path('ca/issuing.key'));
must(@ca, qw(-notext -in), path('expired.csr'), qw(-startdate 20200101000000Z -enddate 20210101000000Z -out), path('expired.pem'));
must(@ca, qw(-notext -in), path('cmp.csr'), qw(-startdate 20990101000000Z -enddate 20990102000000Z -out), path('later.pem'));
must(@ca, qw(-gencrl -out), path('issuing.crl'));
pair('authority', extensions => 'basicConstraints=CA:TRUE');
pair('small', genpkey => [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:1024)]);
pair('seals', genpkey => $rsa, extensions => 'keyUsage=keyEncipherment');
pair('agrees', extensions => 'keyUsage=keyAgreement');
write_file('open.key', read_file('cmp.key'), 0644);
write_file('locked.key', must(qw(openssl pkey -aes128 -passout pass:x -in), path('cmp.key')), 0600);
write_file('writable.pem', read_file('cmp.pem'), 0666);
write_file('long.pem', read_file('cmp.pem') . read_file('ca/issuing.pem') x 16);
write_file('chain.pem', read_file('cmp.pem') . read_file('ca/chain.pem'));
write_file('empty', '');
write_file('damaged', "-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n");

sub secrets { my ($name, @lines) = @_; write_file($name, join('', map { "$_\n" } @lines), 0600); return; }
my $secret = 'open sesame';
secrets('secrets', '# the first factory', "line-1:$secret", '', "0x00ff:$secret", 'colon:a:b:c:d:e:f');
write_file('shown', "line-1:$secret\n", 0644);
secrets('none', '# nobody');
secrets('no-colon', 'line-1');
secrets('no-reference', ":$secret");
secrets('bad-hex', "0x0:$secret");
secrets('no-hex', "0x:$secret");
secrets('blank', "line 1:$secret");
secrets('long-reference', 'x' x 129 . ":$secret");
secrets('short', 'line-1:seven77');
secrets('long', 'line-1:' . 'x' x 256);
secrets('twice', "line-1:$secret", "line-1:another one");
secrets('twice-in-hex', "line-1:$secret", '0x6c696e652d31:another one');

my $pass = 'cmp_pass signerd; cmp_profile device;';
my $trust = 'cmp_trusted_certificate %%DIR%%/ca/chain.pem;';

sub sender {
    my ($certificate, $key) = @_;
    $key //= $certificate;
    return "cmp_certificate %%DIR%%/$certificate.pem; cmp_certificate_key %%DIR%%/$key.key;";
}
sub tested {
    my ($directives, %option) = @_;
    return nginx_test("location /.well-known/cmp {\n$directives\n}", %option);
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
    unlike($result->{err}, qr/sesame|seven77|another one/, "$name: no secret");
    return;
}

my $protected = "$pass " . sender('cmp');
my $least = "$protected $trust";
accepted('the least', $least);
accepted('shared secrets alone', "$protected cmp_secrets %%DIR%%/secrets;");
accepted('an RA alone', "$protected cmp_ra_certificate %%DIR%%/ca/issuing.pem;");
accepted('all', <<"END");
$pass ${\sender('keys')} $trust cmp_ra_certificate %%DIR%%/ca/chain.pem; cmp_crl %%DIR%%/issuing.crl; cmp_secrets %%DIR%%/secrets;
cmp_label lab device; cmp_label initialization device; cmp_mac pbm pbmac1; cmp_mac_iterations 500 10000; cmp_clock_skew 30m;
cmp_require_time on; cmp_rsa_pss on; cmp_chain off; cmp_ca_pubs off; cmp_key_generation on;
cmp_encryption_certificate %%DIR%%/seals.pem; cmp_verify_csr off; cmp_audit off; cmp_retry_after 9s; cmp_max_inflight 10;
cmp_connect_timeout 1s; cmp_send_timeout 1s; cmp_read_timeout 1s;
cmp_next_upstream off; cmp_next_upstream_tries 2; cmp_next_upstream_timeout 1s;
END
accepted('an RSA key', "$pass $trust " . sender('rsa'));
accepted('a chain behind the certificate', "$pass $trust " . sender('chain', 'cmp'));
accepted('an encryption certificate for agreement', "$least cmp_encryption_certificate %%DIR%%/agrees.pem;");
accepted('everything above the location', $pass, http => (sender('cmp') . $trust) =~ s/%%DIR%%/path()/ger);
accepted('no clock', "$least cmp_clock_skew 0;");
accepted('no MAC beside certificates', "$least cmp_secrets %%DIR%%/secrets; cmp_mac off;");
accepted('the same number twice', "$least cmp_mac_iterations 500 500;");
accepted('the bounds of iterations', "$least cmp_mac_iterations 1 100000;");
accepted('a location inside', "$least limit_except POST { deny all; }");
accepted('the counters', 'cmp_status;');
accepted('the counters for Prometheus', 'cmp_status prometheus;');

my $who = qr/"cmp_pass" needs "cmp_trusted_certificate", "cmp_ra_certificate" or "cmp_secrets"/;
refused('nobody who may ask', $protected, $who);
refused('secrets without any MAC', "$protected cmp_secrets %%DIR%%/secrets; cmp_mac off;", $who);
refused('CRLs for nobody', "$protected cmp_secrets %%DIR%%/secrets; cmp_crl %%DIR%%/issuing.crl;", qr/"cmp_crl" needs "cmp_trusted_cert/);
refused('no certificate', "$pass $trust", qr/"cmp_pass" needs "cmp_certificate" and "cmp_certificate_key"/);
refused('no key', "$pass $trust cmp_certificate %%DIR%%/cmp.pem;", qr/needs .*"cmp_certificate_key"/);
refused('the key of another', "$pass $trust " . sender('cmp', 'rsa'), qr{cmp\.pem" cannot be used: the key is not that});
refused('no such certificate', "$pass $trust " . sender('absent', 'cmp'), qr{cannot open ".*absent\.pem"});
refused('no such key', "$pass $trust " . sender('cmp', 'absent'), qr{cannot open ".*absent\.key"});
refused('a certificate that others may write', "$pass $trust " . sender('writable', 'cmp'), qr{writable\.pem" .*others may write it});
refused('a key that others may read', "$pass $trust " . sender('cmp', 'open'), qr{open\.key" .*others may read});
refused('a key with a passphrase', "$pass $trust " . sender('cmp', 'locked'), qr{locked\.key" cannot be used});
refused('an expired certificate', "$pass $trust " . sender('expired'), qr{expired\.pem" .*has expired});
refused('one for later', "$pass $trust " . sender('later', 'cmp'), qr{later\.pem" .*not valid yet});
refused('a CA', "$pass $trust cmp_certificate %%DIR%%/ca/issuing.pem; cmp_certificate_key %%DIR%%/ca/issuing.key;",
    qr{issuing\.pem" .*certificate of a CA});
refused('any CA', "$pass $trust " . sender('authority'), qr{authority\.pem" .*certificate of a CA});
refused('RSA with 1024 bits', "$pass $trust " . sender('small'), qr{small\.pem" .*less than 2048 bits});
refused('one that may not sign', "$pass $trust " . sender('seals'), qr{seals\.pem" .*no digitalSignature});
refused('too long a chain', "$pass $trust " . sender('long', 'cmp'), qr{long\.pem" .*more than 16});
for my $name (qw(cmp any)) {
    refused("keys from \"$name\"", "$pass $trust cmp_key_generation on; " . sender($name), qr/"cmp_key_generation" needs .*id-kp-cmKGA/);
}
refused('no profile', "cmp_pass signerd; $trust " . sender('cmp'), qr/"cmp_pass" needs "cmp_profile"/);
refused('a profile with a long name', "cmp_pass signerd; $trust cmp_profile " . 'x' x 65 . '; ' . sender('cmp'), qr/"cmp_profile" is too long/);
for my $directive (qw(cmp_trusted_certificate cmp_ra_certificate)) {
    refused("$directive absent", "$protected $directive %%DIR%%/absent;", qr/cannot open .*absent/);
    refused("$directive empty", "$protected $directive %%DIR%%/empty;", qr/empty" cannot be used: there is none/);
}
refused('no such CRL', "$least cmp_crl %%DIR%%/absent;", qr/cannot open .*absent/);
refused('a file without a CRL', "$least cmp_crl %%DIR%%/ca/root.pem;", qr/root\.pem" cannot be used: it has no CRL/);
refused('a damaged CRL', "$least cmp_crl %%DIR%%/damaged;", qr/damaged" cannot be used: a CRL is damaged/);
refused('an encryption certificate that encrypts nothing', "$least cmp_encryption_certificate %%DIR%%/cmp.pem;",
    qr/cmp\.pem" .*neither keyEncipherment nor/);
refused('no encryption certificate', "$least cmp_encryption_certificate %%DIR%%/empty;", qr/empty" cannot be used/);
refused('a label twice', "$least cmp_label lab device; cmp_label lab other;", qr/"cmp_label" directive names a label that has/);
for my $label ('a/b', 'a b', 'x' x 65) {
    refused("a label \"$label\"", "$least cmp_label '$label' device;", qr/"cmp_label" directive takes a label/);
}
refused('a label of no profile', "$least cmp_label lab '';", qr/"cmp_label" directive names a profile that is empty/);
refused('a label without cmp_pass', 'cmp_label lab device;', qr/"cmp_label" needs "cmp_pass"/);

my %bad_secrets = (
    shown => qr/others may read/, none => qr/it has no secret/, 'no-colon' => qr/not "reference:secret"/,
    'no-reference' => qr/a reference is not/, 'bad-hex' => qr/a reference is not/, 'no-hex' => qr/a reference is not/,
    blank => qr/a reference is not/, 'long-reference' => qr/a reference is not/, short => qr/less than 8/, long => qr/more than 255/,
    twice => qr/a reference stands twice/, 'twice-in-hex' => qr/a reference stands twice/, absent => qr/cannot open/,
);
refused("secrets: $_", "$protected cmp_secrets %%DIR%%/$_;", qr/$_".*$bad_secrets{$_}|$bad_secrets{$_} .*$_"/) for sort keys %bad_secrets;

for my $bad ('0 100', '200 100', '100 100001', 'x 100', '100 x', '-1 5') {
    refused("iterations $bad", "$least cmp_mac_iterations $bad;", qr/"cmp_mac_iterations" directive takes two numbers/);
}
refused('one number', "$least cmp_mac_iterations 100;", qr/invalid number of arguments in "cmp_mac_iterations"/);
refused('an unknown MAC', "$least cmp_mac hmac;", qr/invalid value "hmac"/);
refused('off beside a MAC', "$least cmp_mac pbm off;", qr/"cmp_mac off" does not go with other values/);
refused('a clock that is none', "$least cmp_clock_skew soon;", qr/"cmp_clock_skew" directive invalid value/);
refused('a clock that is far off', "$least cmp_clock_skew 31m;", qr/"cmp_clock_skew" is above 30 minutes/);
refused('the counters beside it', "$least cmp_status;", qr/"cmp_status" directive does not go with "cmp_pass"/);
refused('the counters before it', "cmp_status; $least", qr/"cmp_pass" directive does not go with "cmp_status"/);
refused('another handler', "$least stub_status;", qr/"cmp_pass" stands in a location that another directive serves/);
refused('a signer over TCP', $least =~ s/signerd/tcp/r, qr/is not a Unix socket/, http => 'upstream tcp { server 127.0.0.1:9; }');
refused('an unknown signer', $least =~ s/signerd/nobody/r, qr/upstream "nobody"/);
refused('a misspelt directive', "$least cmp_trusted_certificates x;", qr/unknown directive "cmp_trusted_certificates"/);

my %again = (cmp_pass => 'signerd', cmp_profile => 'device', cmp_certificate => '%%DIR%%/cmp.pem', cmp_certificate_key => '%%DIR%%/cmp.key',
    cmp_trusted_certificate => '%%DIR%%/ca/chain.pem', cmp_ra_certificate => '%%DIR%%/ca/chain.pem', cmp_crl => '%%DIR%%/issuing.crl',
    cmp_secrets => '%%DIR%%/secrets', cmp_mac_iterations => '100 1000', cmp_encryption_certificate => '%%DIR%%/seals.pem',
    map({ $_ => 'on' } qw(cmp_require_time cmp_rsa_pss cmp_chain cmp_ca_pubs cmp_key_generation cmp_verify_csr cmp_audit)),
    map({ $_ => '1s' } qw(cmp_clock_skew cmp_retry_after)), cmp_max_inflight => 5);
for my $directive (sort keys %again) {
    my $twice = "$directive $again{$directive};" x ($least =~ /\b$directive / ? 1 : 2);
    refused("$directive twice", "$least $twice", qr/"$directive" directive is duplicate/);
}
