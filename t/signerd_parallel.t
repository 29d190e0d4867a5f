# Many requests at once under an RSA key, which the key child signs in threads of its own.
use strict;
use warnings;
use Enroll::Test;

my $clients = 24;

ca_init('ca', '--key', 'rsa:2048');
start_signerd();
start_nginx('location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }');

my $url = 'https://localhost:' . port('https') . '/.well-known/est/simpleenroll';
my @urls;
for my $i (1 .. $clients) {
    write_file("$i.body", csr_body("device$i", "/CN=device-$i"));
    push @urls, <<"END";
next
url = "$url"
data-binary = "\@@{[path("$i.body")]}"
output = "@{[path("$i.out")]}"
cacert = "@{[path('ca/root.pem')]}"
header = "Content-Type: application/pkcs10"
fail
END
}
$urls[0] =~ s/^next\n//;
write_file('curl.conf', join '', @urls);
my $result = run(qw(curl -sS --parallel --parallel-immediate --parallel-max), $clients, '-K', path('curl.conf'));
is($result->{status}, 0, "$clients clients at once") or diag $result->{err};

for my $i (1 .. $clients) {
    my ($certificate) = certificates(read_file("$i.out"));
    like(cert_text($certificate, '-subject'), qr/CN = device-$i$/m, "client $i: its own certificate");
    my $file = write_file("$i.pem", $certificate);
    is(run(qw(openssl verify -CAfile), path('ca/root.pem'), '-untrusted', path('ca/issuing.pem'), $file)->{status},
        0, "client $i: signed by the CA");
}
is(scalar(audit_rows()), $clients, 'one audit record each');
