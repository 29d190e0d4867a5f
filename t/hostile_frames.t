# What signerd's sockets are sent that no nginx would send: cut, torn, endless, foreign and
# untimely frames, more connections than it takes. It does not end, does not grow, and a good
# client is served beside.
use strict;
use warnings;
use Enroll::Client;
use Enroll::FakeSigner qw(frame);
use Enroll::Test;
use IO::Select;
use IO::Socket::UNIX;

my $rounds = $ENV{HOSTILE_ROUNDS} || 150;    # each sends one of every kind
my $limit = 64;                              # of connections
my $reserved = 8;                            # of those, for readers and admins

ca_init();
my $user = $< + 0;
start_signerd(signerd_config(limits => {connections => $limit}));
start_nginx(<<'END');
    location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; est_read_timeout 5m; }
END
new_csr('device', '/CN=device');
my $csr = read_file('device.csr');
my $der = must(qw(openssl req -outform DER -in), path('device.csr'));
my $client = Enroll::Client->new;
my $good = 0;
sub good { return $client->post($csr, 'Idempotency-Key: good-' . ++$good)->{status} }
sub status { return JSON::PP::decode_json(signerctl(qw(--json status))->{out}) }
sub connect_to { my ($name) = @_; return IO::Socket::UNIX->new(Peer => path("$name.sock")) }

my @fields = ([1, 'device'], [2, "\1"], [3, "\1"], [4, $der], [9, '192.0.2.9']);
my $issue = frame(2, 'request.', @fields);
my $ca_certs = frame(4, 'cacerts.', [1, 'device']);

sub header {
    my ($length, $version, $kind, $reserved_bits) = @_;
    return pack('N C C n', $length, $version, $kind, $reserved_bits) . 'headerid';
}

# A field that says that it is longer than its frame.
sub torn_field {
    my $frame = frame(2, 'request.', [4, $der]);
    substr $frame, 17, 4, pack 'N', 0xffffff;
    return $frame;
}

# What is sent, and what comes back: the codes of error replies, or the kinds of other answers.
my %hostile = (
    'no length' => ["\0", ''],
    'length 0' => [pack('N', 0) . 'x' x 60, 'error 1'],
    'length below a header' => [header(11, 1, 2, 0), 'error 1'],
    'length beyond the limit' => [header(0x7fffffff, 1, 2, 0) . 'x' x 100, 'error 1'],
    'half a header' => [substr($issue, 0, 9), ''],
    'half a frame' => [substr($issue, 0, 200), ''],
    'a frame and a half' => [$ca_certs . substr($issue, 0, 100), 'kind 5'],
    'another version' => [header(12, 2, 4, 0), 'error 2'],
    'version 0' => [header(12, 0, 4, 0), 'error 2'],
    'reserved bits' => [header(12, 1, 4, 1), 'error 1'],
    'an unknown kind' => [header(12, 1, 99, 0), 'error 2'],
    'a kind of the key child' => [frame(0xe2, 'signsign', [2, 'issuing'], [3, "0\0"]), 'error 2'],
    'a reply' => [frame(5, 'reply...'), 'error 6'],
    'not for this role' => [frame(16, 'status..'), 'error 6'],
    'not for this role, audit' => [frame(20, 'audit...'), 'error 6'],
    'no fields' => [frame(2, 'request.'), 'error 1'],
    'an unknown field' => [frame(2, 'request.', @fields, [99, 'x']), 'error 1'],
    'fields in another order' => [frame(2, 'request.', reverse @fields), 'error 1'],
    'a field twice' => [frame(2, 'request.', $fields[0], @fields), 'error 1'],
    'a field beyond the frame' => [torn_field(), 'error 1'],
    'an unknown profile' => [frame(2, 'request.', [1, 'other'], @fields[1 .. 4]), 'error 8'],
    'garbage' => [join('', map { chr(($_ * 167) & 0xff) } 1 .. 5000), 'any'],
    'HTTP' => ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 'any'],
    'TLS' => ["\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" . 'x' x 400, 'any'],
    'a flood' => [$ca_certs x 500, join ' ', ('kind 5') x 500],
    'a flood that nobody reads' => [$ca_certs x 4000, 'unread'],
    'a flood of refusals' => [frame(16, 'status..') x 200, join ' ', ('error 6') x 200],
);

sub answers {
    my ($received) = @_;
    my @answers;
    while (length $received >= 16) {
        my ($length, $version, $kind) = unpack 'N C C', $received;
        my $frame = substr $received, 0, 4 + $length, '';
        push @answers, $kind == 1 ? 'error ' . ord substr $frame, 21, 1 : "kind $kind";
    }
    return join ' ', @answers, length $received ? 'cut off' : ();
}

# Sends while it reads, so that neither side waits for the other; then says that it has finished.
sub converse {
    my ($socket, $text, $reads) = @_;
    $socket->blocking(0);
    my ($sent, $received) = (0, '');
    my $select = IO::Select->new($socket);
    for (my $idle = 0; $idle < 100; $idle++) {
        if ($sent < length $text) {
            my $n = syswrite $socket, $text, 65536, $sent;
            $sent += $n // 0;
            $idle = 0 if $n;
            return answers($received) if !defined $n && !$!{EAGAIN};
            shutdown $socket, 1 if $sent == length $text;
        }
        return 'unread' if !$reads && $idle > 3;
        next if !$reads || !$select->can_read(0.1);
        my $n = sysread $socket, $received, 65536, length $received;
        return answers($received) if defined $n ? $n == 0 : !$!{EAGAIN};
        $idle = 0 if $n;
    }
    return answers($received) . ' and no end';
}

$SIG{PIPE} = 'IGNORE';
for my $name (sort keys %hostile) {
    my ($text, $expected) = @{$hostile{$name}};
    my $got = converse(connect_to('signerd'), $text, $expected ne 'unread');
    $got = 'any' if $expected eq 'any';
    is($got, $expected, $name);
    is(good(), 200, "$name: the good client gets its certificate");
}

# --- memory ---

sub rss {
    my ($pid) = @_;
    open my $in, '<', "/proc/$pid/status" or die "$pid: $!";
    return (map { /^VmRSS:\s+(\d+)/ ? $1 : () } <$in>)[0];
}

sub every_kind {
    converse(connect_to('signerd'), $_->[0], $_->[1] ne 'unread') for values %hostile;
    return;
}

my %processes = (front => pid_of('signerd'), 'key child' => status()->{key_child}{pid});
every_kind() for 1 .. $rounds / 5;
my %before = map { $_ => rss($processes{$_}) } keys %processes;
every_kind() for 1 .. $rounds;
for my $name (sort keys %processes) {
    my $grown = rss($processes{$name}) - $before{$name};
    note "$name: $before{$name} KiB, then $grown more";
    cmp_ok($grown, '<', 2048, "$name: does not grow") if !$ENV{ASAN_OPTIONS} || $ENV{ASAN_OPTIONS} !~ /detect/;
}
is(good(), 200, 'the good client gets its certificate');
my $lines = () = read_file('signerd.log') =~ /refused: status/g;
cmp_ok($lines, '<', 100 * $rounds, "the log is not flooded: $lines lines of 200 refusals in a round");
like(read_file('signerd.log'), qr/ \(\d+ lines like it left out\)$/m, 'and says what it leaves out');

# --- connections ---

my @held = grep { defined } map { connect_to('signerd') } 1 .. 3 * $limit;
syswrite $_, substr $issue, 0, 50 for @held;
ok(wait_until(sub { status()->{connections} == $limit - $reserved + 1 }), 'frontends leave some connections to operators')
    or diag status()->{connections};
is(signerctl('status')->{status}, 0, 'who can find out');
like(read_file('signerd.log'), qr/connection refused: limits\.connections reached/, 'the log says that the limit was reached');
is(good(), 200, 'a client whose nginx is connected gets its certificate');
cmp_ok(scalar(() = read_file('signerd.log') =~ /limits\.connections reached/g), '<=', 3, 'the log is not flooded');
close $_ for @held;
ok(wait_until(sub { status()->{connections} <= 3 }), 'they are let go');

my $count = $ENV{HOSTILE_CONNECTIONS} || 3000;
for (1 .. $count) {
    my $socket = connect_to('signerd') or next;
    syswrite $socket, substr $issue, 0, $_ % length $issue;
}
is(good(), 200, "$count connections that come and go: the good client gets its certificate");
ok(wait_until(sub { status()->{connections} <= 3 }), 'none is left');
is(status()->{in_flight}, 0, 'and no request');
is(signerctl(qw(audit verify))->{status}, 0, 'the audit chain verifies');
