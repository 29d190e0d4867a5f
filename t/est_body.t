# The forms in which devices send a CSR, and the ways in which a body arrives.
use strict;
use warnings;
use Enroll::Test;
use IO::Socket::SSL;
use MIME::Base64;
use Time::HiRes qw(sleep);

ca_init();
start_signerd();
start_nginx(<<'END');
    location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }
    location /.well-known/est/spooled/ {
        est_pass signerd; est_profile device; est_auth none; client_body_in_file_only clean;
    }
    location /.well-known/est/small/ {
        est_pass signerd; est_profile device; est_auth none; client_body_buffer_size 256;
    }
END

my $url = '/.well-known/est/simpleenroll';
new_csr('device', '/CN=device-1');
my $pem = read_file('device.csr');
my $der = run(qw(openssl req -outform DER -in), path('device.csr'))->{out};
my $base64 = encode_base64($der, '');
(my $old_pem = $pem) =~ s/(BEGIN|END) CERTIFICATE/$1 NEW CERTIFICATE/g;

my %form = (
    'base64 on one line' => $base64,
    'base64 with line breaks' => encode_base64($der),
    'base64 with CRLF inside (Apple)' => join("\r\n", $base64 =~ /(.{1,76})/g) . "\r\n",
    'trailing newlines (Cisco IOS 16)' => "$base64\n\n\n",
    'leading white space' => "\n  $base64",
    'white space anywhere' => join(" \t", $base64 =~ /(.{1,7})/g),
    'PEM (curl, Azure IoT Edge)' => $pem,
    'PEM of the old name' => $old_pem,
    'PEM with CRLF' => $pem =~ s/\n/\r\n/gr,
    'raw DER' => $der,
);
for my $form (sort keys %form) {
    my $reply = post($url, $form{$form});
    is($reply->{status}, 200, $form) or diag $reply->{body};
}

for my $type ('application/pkcs10', 'Application/PKCS10', 'application/pkcs10; charset=utf-8',
    'application/x-pem-file') {
    is(post($url, $pem, -H => "Content-Type: $type")->{status}, 200, "Content-Type: $type");
}
is(post($url, $base64, -H => 'Content-Transfer-Encoding: binary')->{status}, 200,
    'Content-Transfer-Encoding is ignored (RFC 8951 3)');
is(post($url, $base64, -H => 'Transfer-Encoding: chunked')->{status}, 200, 'chunked');
is(post($url, $base64, -H => 'Expect: 100-continue')->{status}, 200, 'Expect: 100-continue');
is(post($url, $base64, '--http1.0')->{status}, 200, 'HTTP/1.0');
is(post('/.well-known/est/spooled/simpleenroll', $base64)->{status}, 200, 'spooled to a file');

my $spread = $base64 =~ s/(.)/$1\r\n/gr . "\n" x 60_000;
for my $location ('', 'small/', 'spooled/') {
    is(post("/.well-known/est/${location}simpleenroll", $spread)->{status}, 200,
        "60 kB in several buffers ($location)");
}

# A body that comes in pieces, each in a TLS record of its own.
sub post_in_pieces {
    my ($size, @headers) = @_;
    my $socket = IO::Socket::SSL->new(PeerAddr => '127.0.0.1:' . port('https'),
        SSL_hostname => 'localhost', SSL_ca_file => path('ca/root.pem')) or return $SSL_ERROR;
    print {$socket} join "\r\n", "POST $url HTTP/1.1", 'Host: localhost', 'Connection: close',
        'Content-Type: application/pkcs10', 'Content-Length: ' . length $base64, @headers, '', '';
    for my $piece ($base64 =~ /(.{1,$size})/gs) {
        print {$socket} $piece;
        sleep 0.002;
    }
    local $/;
    return <$socket>;
}
like(post_in_pieces(16), qr{^HTTP/1\.1 200 }, 'in pieces of 16 bytes');
like(post_in_pieces(1), qr{^HTTP/1\.1 200 }, 'byte by byte');
