# Certificates for the openssl command: by a shared secret and by a signature, in the four kinds of
# requests, and with keys of every kind.
use strict;
use warnings;
use Enroll::CmpSite;

start_cmp(config => cmp_config(implicit_confirm => JSON::PP::true()),
    locations => cmp_location('/cmp') . cmp_location('/cmp/quiet', 'cmp_ca_pubs off; cmp_chain off;'));

# --- by a secret ---

gets(cmp($_, by_secret(), wants("$_-secret")), "$_-secret") for qw(ir cr);
my $csr = new_csr('p10-secret', '/CN=p10-secret');
gets(cmp('p10cr', by_secret(), '-csr', $csr, '-certout', path('p10-secret.pem')), 'p10-secret');
is(cert_text(read_file('p10-secret.pem'), '-pubkey'), public_key('p10-secret'), 'for the key of the PKCS#10');
like(cert_text(read_file('ir-secret.pem'), '-subject'), qr/CN ?= ?ir-secret$/, 'with the name of the request');

refused(cmp('ir', by_secret(REFERENCE, 'another secret'), wants('none')), 'badMessageCheck', 'a wrong secret');
refused(cmp('ir', by_secret('lab-9'), wants('none')), 'badMessageCheck', 'an unknown reference');
refused(cmp('kur', by_secret(), '-oldcert', path('ir-secret.pem'), wants('none')), 'wrongIntegrity', 'a kur by a secret');

# --- by a signature: with whatever key, and for whatever key ---

my %keys = (
    p256    => [qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)],
    p384    => [qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-384)],
    rsa     => [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)],
    ed25519 => [qw(-algorithm ED25519)],
);
for my $type (sort keys %keys) {
    new_key($_, @{$keys{$type}}) for $type, "ir-$type";
    device($type);
    # The openssl command signs no message with EdDSA.
    if ($type eq 'ed25519') { succeeds(ask($type, 'ir'), $type, "ir-$type"); next }
    gets(cmp('ir', by_certificate($type), wants("ir-$type")), "ir-$type");
}
$csr = new_csr('p10-p256', '/CN=p10-p256');
gets(cmp('p10cr', by_certificate('p256'), '-csr', $csr, '-certout', path('p10-p256.pem')), 'p10-p256');

# --- by a certificate of ours: one more, and the next ---

write_file('ir-p256.chain', read_file('ir-p256.pem') . read_file('ca/issuing.pem'));
gets(cmp('cr', by_certificate('ir-p256'), wants('cr-own')), 'cr-own');
gets(cmp('kur', by_certificate('ir-p256'), '-newkey', new_key('kur-own'), '-certout', path('kur-own.pem')), 'kur-own');
like(cert_text(read_file('kur-own.pem'), '-subject'), qr/CN ?= ?ir-p256$/, 'a kur keeps the name');
is(cert_text(read_file('kur-own.pem'), '-pubkey'), public_key('kur-own'), 'and has the new key');

# --- strangers ---

ca_init('other', '--root-name', 'CN=Other Root', '--name', 'CN=Other CA');
certify('stranger', ca => 'other');
refused(cmp('ir', by_certificate('stranger'), wants('none')), 'signerNotTrusted', 'a stranger');
refused(cmp('ir', '-unprotected_requests', '-untrusted', path('ca/issuing.pem'), wants('none')), 'badMessageCheck', 'no protection');
ok(!-e path('none.pem'), 'whoever was refused has no certificate');

# --- what comes along ---

my @extra = ('-extracertsout', path('extra.pem'), '-cacertsout', path('ca-pubs.pem'));
gets(cmp('ir', by_secret(), wants('chain'), @extra), 'chain');
ok(index(read_file('extra.pem'), read_file('ca/issuing.pem')) >= 0, 'the chain of the certificate is in extraCerts');
is(read_file('ca-pubs.pem'), read_file('ca/root.pem'), 'the root in caPubs');
unlink map { path($_) } qw(extra.pem ca-pubs.pem);
gets(cmp('ir/quiet', by_secret(), wants('quiet'), @extra), 'quiet');
unlike(read_file('extra.pem') . read_file('ca-pubs.pem'), qr/BEGIN/, 'neither, where the directives say so');
unlink path('ca-pubs.pem');
gets(cmp('cr', by_secret(), wants('cr-pubs'), @extra), 'cr-pubs');
unlike(read_file('ca-pubs.pem'), qr/BEGIN/, 'no caPubs in a cp');
