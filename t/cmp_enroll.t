# Certificates for the openssl command: by a shared secret and by a signature, in the four kinds of
# requests, with keys of every kind, and with confirmation or without.
use strict;
use warnings;
use Enroll::CmpSite;

start_cmp_site();

sub gets_certificate {
    my ($name, $result) = @_;
    ok($result->{status} == 0 && issued_by_ca($name), $name)
        or diag "$result->{out}$result->{err}", error_log();
    return;
}

# --- by a secret ---

for my $command (qw(ir cr)) {
    gets_certificate("$command-secret", cmp($command, by_secret(), wants("$command-secret")));
}
gets_certificate('p10-secret',
    cmp('p10cr', by_secret(), '-csr', new_csr('p10-secret', '/CN=p10-secret'), '-certout', path('p10-secret.pem')));
is(cert_text(read_file('p10-secret.pem'), '-pubkey'), public_key('p10-secret'), 'for the key of the PKCS#10');
like(cert_text(read_file('ir-secret.pem'), '-subject'), qr/CN = ir-secret$/, 'with the name of the request');

cmp_fails(cmp('ir', by_secret('device-1', 'another secret'), wants('wrong')), 'badMessageCheck', 'a wrong secret');
cmp_fails(cmp('ir', by_secret('device-9', 'a secret'), wants('wrong')), 'badMessageCheck', 'an unknown reference');
ok(!-e path('wrong.pem'), 'neither has a certificate');
cmp_fails(cmp('kur', by_secret(), wants('wrong'), '-oldcert', path('ir-secret.pem')), 'wrongIntegrity',
    'a kur needs a signature');

# --- by a signature ---

new_signer('p256');
new_signer('rsa', key => [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)]);
new_signer('p384', key => [qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-384)]);
new_signer('ed25519', key => [qw(-algorithm ED25519)]);
for my $signer (qw(p256 rsa p384 ed25519)) {
    gets_certificate("ir-$signer", cmp('ir', by_certificate($signer), wants("ir-$signer")));
}
my $vendor = 'ir-p256';
gets_certificate('p10-p256',
    cmp('p10cr', by_certificate('p256'), '-csr', new_csr('p10-p256', '/CN=p10-p256'), '-certout', path('p10-p256.pem')));

# A certificate of ours asks for the next.
write_file("$vendor.pem", read_file("$vendor.pem") . read_file('ca/issuing.pem'));
gets_certificate('cr-own', cmp('cr', by_certificate($vendor), wants('cr-own')));
gets_certificate('kur-own', cmp('kur', by_certificate($vendor), '-newkey', new_key('kur-own'), '-certout',
    path('kur-own.pem')));
like(cert_text(read_file('kur-own.pem'), '-subject'), qr/CN = $vendor$/, 'a kur keeps the name');
is(cert_text(read_file('kur-own.pem'), '-pubkey'), public_key('kur-own'), 'and has the new key');

# Keys that certificates are asked for.
for (['wants-rsa', qw(-algorithm RSA -pkeyopt rsa_keygen_bits:3072)], ['wants-ed25519', qw(-algorithm ED25519)]) {
    my ($name, @key) = @$_;
    new_key($name, @key);
    gets_certificate($name, cmp('ir', by_secret(), wants($name)));
}

# --- strangers ---

new_key('stranger-ca');
must(qw(openssl req -x509 -new -days 2 -key), path('stranger-ca.key'), '-subj', '/CN=Stranger', '-out',
    path('stranger-ca.pem'));
new_signer('stranger', ca => path('stranger-ca'));
cmp_fails(cmp('ir', by_certificate('stranger'), wants('wrong')), 'signerNotTrusted', 'a signer of another CA');
cmp_fails(cmp('ir', '-unprotected_requests', '-trusted', path('ca/root.pem'), wants('wrong')), 'badMessageCheck',
    'no protection');
ok(!-e path('wrong.pem'), 'no certificate');

# --- confirmation ---

for my $name (qw(implicit none)) {
    my $option = {implicit => '-implicit_confirm', none => '-disable_confirm'}->{$name};
    my $result = cmp('ir', by_secret(), wants($name), $option);
    gets_certificate($name, $result);
    unlike("$result->{out}$result->{err}", qr/sending CERTCONF/i, "$name: no certConf");
}
like(cmp('ir', by_secret(), wants('confirmed'))->{err} . '', qr/PKICONF|pkiconf/i, 'else there is one');

my $chain = cmp('ir', by_secret(), wants('chain'), '-extracertsout', path('extra.pem'));
is(() = read_file('extra.pem') =~ /BEGIN/g, 2, 'the chain comes along');
