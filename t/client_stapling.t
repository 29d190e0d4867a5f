# nginx staples: a server whose certificate, from this CA, must be stapled (RFC 7633), asks this
# responder, and a client that insists is content.
use strict;
use warnings;
use Enroll::Revocation;
use Enroll::Test;

ca_init();
my $config = revocation_config();
$config->{profiles}{device}{must_staple} = JSON::PP::true();
start_signerd($config);
my $server = <<'END';
    server {
        listen 127.0.0.1:%%PORT:stapled%% ssl;
        server_name localhost;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate %%DIR%%/chain.pem;
        ssl_certificate_key %%DIR%%/stapled.key;
        ssl_trusted_certificate %%DIR%%/ca/chain.pem;
        ssl_stapling on;
        ssl_stapling_verify on;
        location / { return 200 "stapled"; }
    }
END
start_nginx(revocation_nginx());
my $reply = post('/.well-known/est/simpleenroll',
    csr_body('stapled', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'));
my ($pem) = certificates($reply->{body});
like(cert_text($pem), qr/TLS Feature:\s+status_request/, 'a must-staple certificate');
write_file('chain.pem', $pem . slurp(path('ca/issuing.pem')));
stop('nginx');
start_nginx(revocation_nginx(http => $server));

# nginx asks when the first client comes, and has the answer for a later one.
my $printed;
sub client {
    return run({in => ''}, qw(openssl s_client -status -servername localhost -CAfile),
        path('ca/root.pem'), '-connect', '127.0.0.1:' . port('stapled'));
}
wait_until(sub { $printed = client()->{out}; $printed =~ /OCSP Response Status: successful/ });
like($printed, qr/OCSP Response Status: successful/, 'a response is stapled');
like($printed, qr/Cert Status: good/, 'good');
like($printed, qr/Verify return code: 0 \(ok\)/, 'the server verifies');

# GnuTLS refuses a must-staple certificate without a response by itself.
my $gnutls = run({in => ''}, qw(gnutls-cli --x509cafile), path('ca/root.pem'), '-p', port('stapled'),
    'localhost');
like($gnutls->{out}, qr/The certificate is trusted/, 'gnutls-cli is content') or diag $gnutls->{out};
