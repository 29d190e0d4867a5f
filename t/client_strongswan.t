# strongSwan's pki: --estca, --est with a password, --est with the certificate.
use strict;
use warnings;
use Enroll::Test;

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
start_signerd();
start_nginx(<<'END');
    location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth mtls basic;
        est_client_certificate %%DIR%%/ca/chain.pem; est_password_file %%DIR%%/passwords;
    }
END

my $url = 'https://127.0.0.1:' . port('https');    # it tries one address of a name only
my $folder = path();
my @authorities = ('--cacert', path('ca/issuing.pem'), '--cacert', path('ca/root.pem'));

my $result = run('pki', '--estca', '--url', $url, '--cacert', path('ca/root.pem'), '--caout', "$folder/ca.der",
    '--force');
is($result->{status}, 0, 'pki --estca') or diag $result->{err};
my @written = glob "$folder/ca*.der";
is(scalar @written, 2, 'it wrote the root and the issuing CA');

for my $type ([rsa => 2048], [ecdsa => 256]) {
    my ($algorithm, $size) = @$type;
    my @files = map { path("$algorithm.$_") } qw(key csr pem);
    write_file("$algorithm.key",
        run('pki', '--gen', '--type', $algorithm, '--size', $size, '--outform', 'pem')->{out});
    write_file("$algorithm.csr", run('pki', '--req', '--type', 'priv', '--in', $files[0], '--dn',
        "C=CH, O=Example, CN=$algorithm", '--san', "$algorithm.example", '--outform', 'pem')->{out});
    my @est = ('pki', '--est', '--url', $url, @authorities, '--in', $files[1], '--outform', 'pem');

    $result = run(@est, '--userpass', 'demo:secret');
    is($result->{status}, 0, "$algorithm: pki --est with a password") or diag $result->{err};
    like(cert_text($result->{out}), qr/DNS:$algorithm\.example/, "$algorithm: the certificate");
    write_file("$algorithm.pem", $result->{out});

    $result = run(@est, '--cert', $files[2], '--key', $files[0]);
    is($result->{status}, 0, "$algorithm: renewal with the certificate") or diag $result->{err};
    like(cert_text($result->{out}), qr/CN = $algorithm/, "$algorithm: the renewed certificate");
    isnt(cert_text($result->{out}, '-serial'), cert_text(read_file("$algorithm.pem"), '-serial'),
        "$algorithm: which is a new one");
}
