# The client for CMP against the server: what it gets, whom it believes, and what it tells.
use strict;
use warnings;
use Enroll::CmpSite;

# The server's certificate, which signs answers and makes keys.
ca_init();
certify('cmp', ca => 'ca', subject => '/O=Example/CN=CMP', extensions =>
    "keyUsage=critical,digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.28,1.3.6.1.5.5.7.3.32");
# With the CA above it: the client has the root alone.
write_file('cmp.pem', read_file('cmp.pem') . read_file('ca/issuing.pem'));
ca_init($_, '--root-name', "CN=$_ Root", '--name', "CN=$_ Issuing") for qw(vendor ra-ca other);
write_file('trusted.pem', read_file('ca/root.pem') . read_file('vendor/root.pem'));
write_file('cmp-secrets', REFERENCE . ':' . SECRET . "\n", 0600);
my $config = manual_config(key_generation => JSON::PP::true());
$config->{cas}{issuing}{crl} = {enabled => JSON::PP::true()};
start_cmp(config => $config, locations => cmp_location('/cmp', 'cmp_key_generation on; cmp_ca_pubs off;')
    . cmp_location('/pubs', 'cmp_ca_pubs on;') . cmp_location('/manual', '', 'manual')
    . 'location = /html { default_type text/html; return 200 "<html>"; }');

my $root = path('ca/root.pem');
my @trust = ('--ca', $root);
write_file('right', SECRET . "\n");
write_file('wrong', "another secret\n");
delete $ENV{ENROLL_SECRET};

sub url { my ($path) = @_; return 'http://127.0.0.1:' . port('http') . ($path // '/cmp') }
sub enroll { return run("$ENV{ENROLL_BIN}/enroll", @_) }
sub client { my ($command, @options) = @_; return enroll('cmp', $command, '--url', url(), @options) }
sub json { my ($result) = @_; return JSON::PP::decode_json($result->{out}) }
sub for_new { my ($name) = @_; return ('--key', path("$name.key"), '--out', path("$name.pem"), '--subject', "CN=$name") }
sub secret { my ($file) = @_; return ('--reference', REFERENCE, '--secret-file', path($file // 'right')) }
sub own { my ($name) = @_; return ('--cert', path("$name.pem"), '--key', path("$name.key"), '--chain', path('ca/issuing.pem')) }

sub ends {
    my ($result, $status, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($result->{status}, $status, "$name: $status") || diag said($result), error_log();
}

# --- certificates by a secret ---

my $result = client('ir', @trust, secret(), for_new('ec'), '--san', 'dns:ec.example', '--chain-out', path('ec.above'), '--json');
ends($result, 0, 'ir');
is(cert_text(read_file('ec.pem'), '-pubkey'), public_key('ec'), 'for the key');
like(cert_text(read_file('ec.pem')), qr/DNS:ec\.example/, 'with its names');
is(sprintf('%04o', (stat path('ec.key'))[2] & 07777), '0600', 'the key is its owner\'s alone');
is(run(qw(openssl verify -CAfile), $root, '-untrusted', path('ec.above'), path('ec.pem'))->{status}, 0, 'OpenSSL finds the chain');
my $told = json($result);
ok((grep { $_ eq 'the server has the confirmation' } @{$told->{checked}}), 'it was confirmed');
is(length $told->{transaction_id}, 32, 'the transaction is told');

ends(client('cr', @trust, secret(), for_new('rsa'), qw(--key-type rsa:2048 --mac pbmac1)), 0, 'cr, RSA, PBMAC1');
ends(client('ir', @trust, secret(), for_new('ed'), qw(--key-type ed25519 --iterations 1000)), 0, 'Ed25519, fewer iterations');
ends(client('p10cr', @trust, secret(), for_new('p10'), '--csr', path('p10.csr')), 0, 'p10cr');
is(cert_text(read_file('p10.pem'), '-pubkey'), public_key('p10'), 'for the key of the PKCS#10');
$ENV{ENROLL_SECRET} = SECRET;
ends(client('ir', @trust, '--reference', REFERENCE, for_new('env')), 0, 'the secret from the environment');
delete $ENV{ENROLL_SECRET};

# --- roots that the secret vouches for ---

ends(client('ir', secret(), for_new('bare')), 5, 'neither --ca nor caPubs');
ok(!-e path('bare.pem'), 'no certificate is written');
ends(enroll(qw(cmp ir --url), url('/pubs'), secret(), for_new('pubs')), 0, 'caPubs');
ok(issued_by_ca('pubs'), 'a certificate below them');

# --- by a certificate ---

ends(client('kur', @trust, own('ec'), '--out', path('same.pem')), 0, 'kur for the same key');
is(cert_text(read_file('same.pem'), '-pubkey'), public_key('ec'), 'it is the same');
isnt(cert_text(read_file('same.pem'), '-serial'), cert_text(read_file('ec.pem'), '-serial'), 'with a new serial');
like(cert_text(read_file('same.pem')), qr/DNS:ec\.example/, 'and the same names');
ends(client('kur', @trust, own('rsa'), '--new-key', path('next.key'), '--out', path('next.pem')), 0, 'kur for a new key');
is(cert_text(read_file('next.pem'), '-pubkey'), public_key('next'), 'it is the new one');
device('vendor-1');
my @vendor = ('--cert', path('vendor-1.chain'), '--key', path('vendor-1.key'));
ends(client('cr', @trust, @vendor, '--new-key', path('more.key'), '--out', path('more.pem'), '--subject', 'CN=more'), 0,
    'cr by a certificate of a vendor');
is(cert_text(read_file('more.pem'), '-pubkey'), public_key('more'), 'for a new key');

# --- keys from the server ---

for my $case (['by a secret', 'made-1', secret()], ['by an EC key', 'made-2', own('ec')], ['by an RSA key', 'made-3', own('next')]) {
    my ($how, $name, @by) = @$case;
    my @made = ('--central-key', '--new-key', path("$name.key"), '--out', path("$name.pem"), '--subject', "CN=$name");
    ends(client('cr', @trust, @by, @made), 0, "a key from the server, $how") or next;
    is(cert_text(read_file("$name.pem"), '-pubkey'), public_key($name), 'it is that of the certificate');
    is(sprintf('%04o', (stat path("$name.key"))[2] & 07777), '0600', 'and its owner\'s alone');
    ends(client('cr', @trust, @by, @made), 1, 'it is not overwritten');
}

# --- whom it believes ---

my @other = ('--ca', path('other/root.pem'));
ends(client('ir', @other, secret(), for_new('bad')), 5, 'a certificate below another root');
ends(client('kur', @other, own('ec'), '--out', path('bad.pem')), 5, 'an answer from below another root');
ends(client('kur', @trust, own('ec'), '--server-cert', path('cmp.pem'), '--out', path('known.pem')), 0, '--server-cert');
ends(client('kur', @trust, own('ec'), '--server-cert', path('ec.pem'), '--out', path('bad.pem')), 5, 'not by --server-cert');
ok(!-e path('bad.pem'), 'no certificate is written');

# --- refusals ---

$result = client('ir', '--json', @trust, secret('wrong'), for_new('bad'));
ends($result, 1, 'a wrong secret');
is(json($result)->{fail_info}, 'badMessageCheck', 'failInfo');
unlike(said($result), qr/another secret/, 'nothing tells the secret');
ends(enroll(qw(cmp ir --url), url('/html'), @trust, secret(), for_new('bad')), 5, 'a server without CMP');
ends(enroll(qw(cmp ir --url), 'http://127.0.0.1:' . port('nobody') . '/cmp', @trust, secret(), for_new('bad')), 3, 'nobody there');

# --- somebody has to approve ---

# Approves or denies what waits.
sub decide {
    my ($verb) = @_;
    my @waiting;
    wait_until(sub {
        @waiting = @{JSON::PP::decode_json(signerctl(qw(--json request list))->{out})->{requests}};
        return @waiting == 1;
    }) or return diag explain \@waiting;
    return is(signerctl('request', $verb, $waiting[0]{id})->{status}, 0, "somebody decides: $verb");
}

my @manual = (qw(cmp ir --url), url('/manual'), @trust, secret());
$result = enroll(@manual, for_new('later'), '--json');
ends($result, 4, 'pending');
ok(json($result)->{retry_after} > 0, 'and when to ask again');
decide('deny');
for (['approve', 0], ['deny', 1]) {
    my ($verb, $status) = @$_;
    start("manual-$verb", "$ENV{ENROLL_BIN}/enroll", @manual, for_new("manual-$verb"), qw(--wait 120));
    decide($verb);
    is(wait_end("manual-$verb"), $status, "$verb: $status") or diag read_file("manual-$verb.log");
}
ok(issued_by_ca('manual-approve'), 'approved: a certificate');
ok(!-e path('manual-deny.pem'), 'denied: none');

# --- revocation ---

sub serial_of { my ($name) = @_; return lc((cert_text(read_file("$name.pem"), '-serial') =~ /serial=(\w+)/)[0]) }
sub shown { my ($name) = @_; return JSON::PP::decode_json(signerctl('--json', 'cert', 'show', serial_of($name))->{out})->{certificates}[0] }

ends(client('rr', @trust, own('ed'), qw(--reason keyCompromise)), 0, 'rr of its own');
is(shown('ed')->{reason}, 'keyCompromise', 'with the reason');
ends(client('rr', @trust, own('ed')), 1, 'rr again');
ends(client('rr', @trust, own('ec'), '--old-cert', path('p10.pem')), 1, 'rr of the certificate of another');
certify('ra', ca => 'ra-ca', extensions => "keyUsage=digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.28");
my @ra = ('--cert', path('ra.chain'), '--key', path('ra.key'));
ends(client('rr', @trust, @ra, '--old-cert', path('p10.pem'), qw(--reason certificateHold)), 0, 'an RA may: on hold');
is(shown('p10')->{reason}, 'certificateHold', 'it is');
ends(client('rr', @trust, @ra, '--serial', serial_of('p10'), '--issuer', path('ca/issuing.pem'), qw(--reason removeFromCRL)), 0,
    'and released, by its serial');
is(shown('p10')->{status}, 'good', 'it is valid again');

# --- questions ---

sub asks { my ($question, @options) = @_; return client('genm', $question, @trust, secret(), @options) }

ends(asks('cacerts', '--out', path('cas.pem')), 0, 'cacerts');
my $issuing = read_file('ca/issuing.pem');
like(read_file('cas.pem'), qr/\Q$issuing\E/, 'the CA is there');
$result = asks('rootupdate', '--root', $root);
ends($result, 0, 'rootupdate');
is($result->{out}, "nothing\n", 'nothing takes the place of the root');
$result = asks('template', '--json');
ends($result, 0, 'template');
ok((grep { $_ eq 'ec:P-256' } @{json($result)->{key_types}}), 'it has the keys');
$result = asks('keytypes');
ends($result, 0, 'keytypes');
like($result->{out}, qr/^ec:P-256$/m, 'a line each');
my @crl = ('--issuer', path('ca/issuing.pem'));
ok(wait_until(sub { asks('currentcrl', @crl, '--out', path('crl.pem')); -e path('crl.pem') }), 'currentcrl');
is(run(qw(openssl crl -noout -CAfile), path('ca/issuing.pem'), '-in', path('crl.pem'))->{status}, 0, 'OpenSSL reads it');
$result = asks('crls', @crl);
ends($result, 0, 'crls');
like($result->{out}, qr/^-----BEGIN X509 CRL-----/, 'a CRL');
ends(asks('crls', '--issuer', path('other/issuing.pem')), 0, 'crls of another CA');
ends(client('genm', 'cacerts', @trust, own('ec')), 0, 'cacerts by a signature');
ends(asks('encryptioncert', '--mac', 'pbmac1'), 0, 'encryptioncert: there is none');

# --- usage ---

for my $case (
    ['no protection', 'ir', @trust, for_new('x')],
    ['no trust', 'kur', own('ec')],
    ['both protections', 'ir', @trust, secret(), '--cert', path('ec.pem'), for_new('x')],
    ['a secret as an option', 'ir', @trust, '--reference', 'x', '--secret', 'x', for_new('x')],
    ['no such MAC', 'ir', @trust, secret(), '--mac', 'md5', for_new('x')],
    ['no name', 'ir', @trust, secret(), '--key', path('x.key')],
    ['no place for a key', 'ir', @trust, secret(), '--central-key', '--key', path('x.key'), '--subject', 'CN=x'],
    ['no such reason', 'rr', @trust, own('ec'), '--reason', 'boredom'],
    ['no such question', 'genm', @trust, secret(), 'weather'],
    ['which CRL', 'genm', @trust, secret(), 'crls']) {
    my ($name, $command, @words) = @$case;
    ends(client($command, @words), 2, "usage: $name");
}
