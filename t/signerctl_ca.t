# signerctl ca: what it makes satisfies openssl's strict checks; what an offline root signed is
# taken only when it fits; no file is ever overwritten.
use strict;
use warnings;
use Enroll::Test;

sub ctl { return run("$ENV{ENROLL_BIN}/signerctl", @_) }

sub mode { my ($file) = @_; return sprintf '%04o', (stat $file)[2] & 07777 }

sub refused {
    my ($result, $reason, $what) = @_;
    is($result->{status}, 1, "$what: exit status");
    like($result->{err}, qr/^signerctl: .*$reason/, "$what: reason");
    return;
}

# --- both online ---

my %keys = (
    'ec:P-256' => qr/prime256v1/,
    'ec:P-384' => qr/secp384r1/,
    'rsa:2048' => qr/2048 bit/,
    ed25519 => qr/ED25519/,
);
for my $key (sort keys %keys) {
    my $dir = path($key);
    is(ctl(qw(ca init --dir), $dir, '--key', $key)->{status}, 0, "$key: made");
    like(run(qw(openssl verify -x509_strict -CAfile), "$dir/root.pem", "$dir/issuing.pem")->{out},
        qr/: OK$/, "$key: chain verifies");
    my $text = cert_text(slurp("$dir/issuing.pem"));
    like($text, $keys{$key}, "$key: kind of key");
    like($text, qr/Key Usage: critical\s+Certificate Sign, CRL Sign$/m, "$key: usage");
    like($text, qr/Basic Constraints: critical\s+CA:TRUE, pathlen:0$/m, "$key: path length");
    is(must(qw(openssl pkey -pubout -in), "$dir/issuing.key"),
        cert_text(slurp("$dir/issuing.pem"), '-pubkey'), "$key: key of the certificate");
    is(slurp("$dir/chain.pem"), slurp("$dir/issuing.pem") . slurp("$dir/root.pem"),
        "$key: chain, issuing first");
}

my $dir = path('ec:P-256');
is(mode($dir), '0700', 'folder is private');
is(mode("$dir/$_.key"), '0600', "$_.key is private") for qw(root issuing);
unlike(cert_text(slurp("$dir/root.pem")), qr/pathlen/, 'root has no path length');

my $serial = cert_text(slurp("$dir/issuing.pem"), '-serial');
like($serial, qr/^serial=[0-9A-F]{32}$/, 'serial of 16 octets');

my $options = ctl(qw(ca init --json --days 1 --root-days 2 --root-key ec:P-521), '--dir',
    path('named'), '--root-name', 'O=Ex\, Inc,CN=R', '--name', 'C=DE,O=Größe,CN=I');
is($options->{status}, 0, 'names and days');
my $made = JSON::PP::decode_json($options->{out});
is_deeply($made->{files},
    [map { path("named/$_") } qw(root.key root.pem issuing.key issuing.pem chain.pem)],
    'JSON tells the files');
is($made->{certificates}[0]{subject}, 'CN=R,O=Ex\, Inc', 'JSON tells the subjects');
my ($print) = cert_text(read_file('named/root.pem'), qw(-fingerprint -sha256)) =~ /=(.*)/;
is($made->{certificates}[0]{sha256}, lc($print =~ s/://gr), 'JSON tells the fingerprints');
is(cert_text(read_file('named/issuing.pem'), '-subject', '-nameopt', 'RFC2253,-esc_msb'),
    "subject=CN=I,O=Größe,C=DE\n", 'name in the order given');
is(run({in => read_file('named/issuing.pem')}, qw(openssl x509 -noout -checkend 86000))->{status},
    0, 'valid for a day');
is(run({in => read_file('named/issuing.pem')}, qw(openssl x509 -noout -checkend 87000))->{status},
    1, 'and not for longer');

# --- nothing is overwritten ---

my %before = map { $_ => slurp($_) } glob "$dir/*";
refused(ctl(qw(ca init --dir), $dir), qr{\Q$dir\E/root\.key: File exists}, 'second init');
unlink "$dir/root.key";
refused(ctl(qw(ca init --dir), $dir), qr{root\.pem: File exists}, 'init beside a root.pem');
ok(!-e "$dir/root.key", 'nothing left of the attempt');
delete $before{"$dir/root.key"};
is_deeply({map { $_ => slurp($_) } glob "$dir/*"}, \%before, 'files are as they were');
refused(ctl(qw(ca init --dir), path('no/such')), qr{No such file}, 'no parent folder');
refused(ctl(qw(ca init --days 9 --root-days 8 --dir), path('x')), qr{outlive}, 'root ends first');
refused(ctl(qw(ca init --key rsa:1024 --dir), path('x')), qr{.}, 'weak key');
refused(ctl(qw(ca init --name nonsense --dir), path('x')), qr{.}, 'no name');
ok(!-e path('x'), 'a failed init makes no folder');

# --- the root elsewhere ---

my $off = path('offline');
is(ctl(qw(ca init --offline-root --dir), $off, '--name', 'O=Ex,CN=Below')->{status}, 0, 'offline');
is_deeply([glob "$off/*"], ["$off/issuing.csr", "$off/issuing.key"], 'key and request alone');
is(mode("$off/issuing.key"), '0600', 'key is private');
like(run(qw(openssl req -noout -verify -subject -in), "$off/issuing.csr")->{out},
    qr/^subject=O = Ex, CN = Below$/m, 'openssl reads the request');

sub root {
    my ($name, $subject) = @_;
    must(qw(openssl req -x509 -days 9 -subj), $subject, '-key', new_key($name), '-out',
        path("$name.pem"), '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
    return path("$name.pem");
}

# A certificate over the request, with these extensions.
sub certify {
    my ($name, $root, $extensions, @options) = @_;
    my $file = write_file("$name.ext", $extensions);
    must(qw(openssl x509 -req -in), "$off/issuing.csr", '-CA', path("$root.pem"), '-CAkey',
        path("$root.key"), qw(-CAcreateserial -extfile), $file, '-out', path("$name.pem"),
        @options ? @options : qw(-days 5));
    return path("$name.pem");
}

my $root = root('above', '/O=Ex/CN=Above');
my $ca = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n";
my $good = certify('good', 'above', $ca);

sub import_of { return ctl(qw(ca import --dir), $off, '--certificate', @_) }

my $leaf = certify('leaf', 'above', "basicConstraints=CA:FALSE\n");
refused(import_of($leaf, '--chain', $root), qr/not a CA certificate: CN=Below,O=Ex/, 'leaf');
my $plain = certify('plain', 'above', "subjectKeyIdentifier=hash\n");
refused(import_of($plain, '--chain', $root), qr/not a CA certificate/, 'no basicConstraints');
my $crl = certify('crl', 'above', "basicConstraints=critical,CA:TRUE\nkeyUsage=cRLSign\n");
refused(import_of($crl, '--chain', $root), qr/lacks keyCertSign/, 'no keyCertSign');
my $old = certify('old', 'above', $ca, qw(-days 0));
sleep 2;
refused(import_of($old, '--chain', $root), qr/has expired/, 'expired');
refused(import_of($root), qr/is for another key: CN=Above/, 'certificate of another key');
my $other = root('other', '/O=Ex/CN=Other');
refused(import_of($good, '--chain', $other), qr/has not the issuer's name/, 'unrelated root');
my $double = root('double', '/O=Ex/CN=Above');
refused(import_of($good, '--chain', $double), qr/did not sign/, 'another root of that name');
refused(import_of(write_file('empty.pem', '')), qr/empty\.pem/, 'empty file');
refused(import_of(path('none.pem')), qr/none\.pem: No such file/, 'no file');
ok(!-e "$off/issuing.pem" && !-e "$off/chain.pem", 'nothing was written');

is(import_of($good, '--chain', $root)->{status}, 0, 'the right one');
is(cert_text(slurp("$off/issuing.pem"), '-fingerprint'),
    cert_text(slurp($good), '-fingerprint'), 'issuing.pem is the certificate');
is(scalar(() = slurp("$off/chain.pem") =~ /BEGIN CERTIFICATE/g), 2, 'chain.pem holds both');
refused(import_of($good, '--chain', $root), qr/issuing\.pem: File exists/, 'second import');
unlink "$off/issuing.pem";
refused(import_of($good, '--chain', $root), qr/chain\.pem: File exists/, 'beside a chain.pem');

# A renewed certificate, in DER, with a chain file that starts with it.
must(qw(openssl x509 -outform DER -in), certify('renewed', 'above', $ca), '-out', path('renewed.der'));
my $chain = write_file('renewed.chain', read_file('renewed.pem') . slurp($root));
is(import_of(path('renewed.der'), '--replace', '--chain', $chain)->{status}, 0, 'replaced');
like(run(qw(openssl verify -CAfile), $root, "$off/issuing.pem")->{out}, qr/: OK$/, 'verifies');
is(scalar(() = slurp("$off/chain.pem") =~ /BEGIN CERTIFICATE/g), 2, 'not twice in the chain');
is_deeply([glob "$off/*.new"], [], 'no temporary file is left');
