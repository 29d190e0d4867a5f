# Keys, requests and certificates, made and read by the openssl command: another pair of eyes.
package Enroll::Pki;
use strict;
use warnings;
use Enroll::Process;
use Exporter 'import';
use MIME::Base64 ();

our @EXPORT = qw(ca_init new_key new_csr csr_body certificates cert_text public_key);

# A root and an issuing CA by signerctl in path($name), default path('ca').
sub ca_init {
    my ($name, @options) = @_;
    my $dir = path($name // 'ca');
    must("$ENV{ENROLL_BIN}/signerctl", qw(ca init --dir), $dir, @options);
    return $dir;
}

# path("$name.key"); the options are those of openssl genpkey, default P-256.
sub new_key {
    my ($name, @options) = @_;
    @options = qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-256) if !@options;
    must(qw(openssl genpkey -out), path("$name.key"), @options);
    return path("$name.key");
}

# path("$name.csr"), PEM, signed by the key of that name, which is made when it is missing.
# The options are those of openssl req: (-addext => 'subjectAltName=DNS:a.example').
sub new_csr {
    my ($name, $subject, @options) = @_;
    new_key($name) if !-e path("$name.key");
    must(qw(openssl req -new -utf8 -key), path("$name.key"), '-subj', $subject, @options,
        '-out', path("$name.csr"));
    return path("$name.csr");
}

# A new CSR as EST carries it (RFC 8951 section 3): base64 of DER.
sub csr_body {
    my $pem = slurp(new_csr(@_));
    my ($base64) = $pem =~ /REQUEST-----\n(.*?)-----END/s;
    return $base64;
}

# The certificates of a certs-only CMS, base64 or DER, as PEM.
sub certificates {
    my ($body) = @_;
    my $der = $body =~ m{^[A-Za-z0-9+/=\s]+$} ? MIME::Base64::decode_base64($body) : $body;
    my $result = run({in => $der}, qw(openssl pkcs7 -inform DER -print_certs));
    return $result->{out} =~ /(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n)/sg;
}

# What openssl x509 says of a PEM certificate: everything, or what the options ask for.
sub cert_text {
    my ($pem, @options) = @_;
    return run({in => $pem}, qw(openssl x509 -noout), @options ? @options : '-text')->{out};
}

# Of path("$name.key"), to be compared with cert_text($pem, '-pubkey').
sub public_key {
    my ($name) = @_;
    return must(qw(openssl pkey -pubout -in), path("$name.key"));
}

1;
