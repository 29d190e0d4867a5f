# Clients that drip a byte now and then, in the TLS handshake, the headers or the body, while a
# good client enrols: none of its requests is lost, and nginx's own timeouts end the others.
use strict;
use warnings;
use Enroll::Client;
use Enroll::Test;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

my $each = $ENV{HOSTILE_CONNECTIONS} || 60;    # of a kind
my $timeout = 3;                               # seconds, of nginx

ca_init();
start_signerd();
start_nginx(<<"END");
    client_header_timeout ${timeout}s; client_body_timeout ${timeout}s; send_timeout ${timeout}s;
    location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; est_read_timeout 5m; }
END
new_csr('device', '/CN=device');
my $csr = read_file('device.csr');

# A slow one sends its text byte by byte for as long as it may: more slowly than nginx waits for
# the next one, or, in the headers, than nginx waits for all of them.
my $head = "POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: localhost\r\n";
my %slow = (
    handshake => {tls => 0, start => "\x16\x03\x01\x02", drip => "\0", pause => 0.5},
    headers => {tls => 1, start => $head, drip => "X-Slow: 1\r\n", pause => 0.5},
    body => {tls => 1, pause => 2 * $timeout, drip => 'M',
        start => "${head}Content-Type: application/pkcs10\r\nContent-Length: 60000\r\n\r\nMII"},
    chunks => {tls => 1, pause => 2 * $timeout, drip => "1\r\nM\r\n",
        start => "${head}Content-Type: application/pkcs10\r\nTransfer-Encoding: chunked\r\n\r\n"},
    silence => {tls => 1, start => '', drip => '', pause => 2 * $timeout},
);

sub connect_slow {
    my ($kind) = @_;
    my $socket = $kind->{tls} ? Enroll::Client->new->socket
        : IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => port('https'));
    syswrite $socket, $kind->{start} if length $kind->{start};
    return {socket => $socket, kind => $kind, next => time + $kind->{pause}};
}

# nginx has closed it, with or without an answer.
sub is_closed {
    my ($slow) = @_;
    my $socket = $slow->{socket};
    $socket->blocking(0);
    while (1) {
        my $size = sysread $socket, my $octets, 65536;
        return 1 if defined $size && $size == 0;
        return !$!{EAGAIN} && !$!{EWOULDBLOCK} if !defined $size;
    }
}

sub drip {
    my ($slow) = @_;
    return if time < $slow->{next};
    $slow->{next} = time + $slow->{kind}{pause};
    syswrite $slow->{socket}, $slow->{kind}{drip} if length $slow->{kind}{drip};
    return;
}

my @slow = map { my $kind = $slow{$_}; map { connect_slow($kind) } 1 .. $each } sort keys %slow;
is(scalar @slow, $each * keys %slow, 'slow clients are connected');

my $client = Enroll::Client->new;
my (%statuses, $slowest);
my $end = time + 20 * $timeout * ($ENV{TEST_SLOWNESS} || 1);
my $number = 0;
for (my @open = @slow; @open && time < $end; @open = grep { !is_closed($_) } @open) {
    drip($_) for @open;
    for (1 .. 5) {
        my $began = time;
        $statuses{$client->post($csr, 'Idempotency-Key: good-' . ++$number)->{status}}++;
        $slowest = time - $began if !$slowest || time - $began > $slowest;
    }
    sleep 0.05;
}
note sprintf '%d requests of the good client, the slowest took %.2f s', $number, $slowest;
is(join(' ', keys %statuses), '200', 'the good client got a certificate for each request');
cmp_ok($number, '>', 20, 'of which there were many');
for my $name (sort keys %slow) {
    my $left = grep { $_->{kind} == $slow{$name} && !is_closed($_) } @slow;
    is($left, 0, "$name: nginx has closed every connection");
}
is(JSON::PP::decode_json(signerctl(qw(--json status))->{out})->{certificates}, $number,
    'none of the slow ones got to signerd');
