# CAs with every kind of key sign for devices with every kind of key, and the chains verify.
use strict;
use warnings;
use Enroll::Test;

my %authority = (p256 => 'ec:P-256', p384 => 'ec:P-384', p521 => 'ec:P-521', rsa => 'rsa:2048', ed25519 => 'ed25519');
my %device = (
    p256 => [qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)],
    p384 => [qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-384)],
    rsa => [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)],
    ed25519 => [qw(-algorithm ED25519)],
);

ca_init();
my $config = signerd_config();
for my $name (sort keys %authority) {
    ca_init($name, '--key', $authority{$name}, '--name', "CN=$name Issuing", '--root-name', "CN=$name Root");
    $config->{cas}{$name} = {tenant => 'test', certificate => path("$name/chain.pem"), key => path("$name/issuing.key")};
    $config->{profiles}{$name} = {%{$config->{profiles}{device}}, ca => $name};
}
start_signerd($config);
start_nginx(join "\n", map { "location /.well-known/est/$_/ { est_pass signerd; est_profile $_; est_auth none; }" }
    sort keys %authority);

for my $device (sort keys %device) {
    new_key($device, @{$device{$device}});
    new_csr($device, "/CN=$device");
    for my $ca (sort keys %authority) {
        my $reply = post("/.well-known/est/$ca/simpleenroll", read_file("$device.csr"));
        is($reply->{status}, 200, "a $ca CA signs for a $device device") or diag $reply->{body};
        my ($pem) = certificates($reply->{body});
        is(run({in => $pem // ''}, qw(openssl verify -x509_strict -CAfile), path("$ca/root.pem"), '-untrusted',
            path("$ca/issuing.pem"))->{status}, 0, "$ca, $device: the chain verifies strictly");
    }
}
is(signerctl(qw(audit verify))->{status}, 0, 'the audit chain verifies');
