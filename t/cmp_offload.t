# An RSA key of ours is used in a thread: while it takes as long as it likes, the worker serves all
# other requests. Clients that leave meanwhile take nothing with them.
use strict;
use warnings;
use Enroll::CmpSite;
use IO::Socket::INET;

ca_init();
new_key('cmp', qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048));
{
    local $ENV{LD_PRELOAD} = join ':', grep { $_ } $ENV{LD_PRELOAD}, "$ENV{ENROLL_FAULTY}/held_keys.so";
    local $ENV{HELD_KEYS} = path('hold');
    start_cmp(config => cmp_config(implicit_confirm => JSON::PP::true()),
        locations => cmp_location('/cmp') . 'location = /status { cmp_status; } location = /static { return 200 "static\\n"; }');
}
my $url = 'http://127.0.0.1:' . port('http');
device($_) for map { "device-$_" } 1 .. 3;

sub inflight { return JSON::PP::decode_json(get("$url/status")->{body})->{total}{in_flight} }

sub message {
    my ($name, $type, %option) = @_;
    return forge_message(%{talk($name)->{options}}, type => $type, nonce => random_hex(16), implicit => 1, %option);
}

# A connection on which this message was sent.
sub begin {
    my ($message) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . port('http')) or die $!;
    $socket->print("POST /cmp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/pkixcmp\r\nConnection: close\r\n",
        'Content-Length: ', length $message, "\r\n\r\n", $message);
    return $socket;
}

sub answer_of {
    my ($socket) = @_;
    my $text = do { local $/; <$socket> };
    my ($head, $body) = split /\r\n\r\n/, $text // '', 2;
    return read_message({status => ($head =~ m{^HTTP/1.1 (\d+)})[0], body => $body}, signers => path('cmp.pem'));
}

# --- what has to be signed waits, and nothing else does ---

write_file('hold.sign', '');
my @clients = map { begin(message("device-$_", 'ir')) } 1 .. 3;
ok(wait_until(sub { -e path('hold.sign.waits') }), 'the key is in use');
ok(wait_until(sub { inflight() == 3 }), 'three requests are in flight') or diag inflight();
is(get("$url/static")->{status}, 200, 'another location is served');
is(post("$url/cmp", 'no message', -H => 'Content-Type: application/pkixcmp')->{status}, 400, 'and CMP, where nothing is signed');
is(inflight(), 3, 'the three are still being worked on');
unlink path('hold.sign');
is(join(', ', map { told(answer_of($_)) } @clients), 'ip 0, ip 0, ip 0', 'they are answered');
ok(wait_until(sub { inflight() == 0 }), 'all places are free');

# --- clients that leave while we sign ---

unlink path('hold.sign.waits');
write_file('hold.sign', '');
my @again = map { message("device-$_", 'p10cr', csr => csr_of("device-$_")) } 1 .. 3;
@clients = map { begin($_) } @again;
ok(wait_until(sub { inflight() == 3 && -e path('hold.sign.waits') }), 'three more');
close $_ for @clients;
is(get("$url/static")->{status}, 200, 'clients leave');
unlink path('hold.sign');
ok(wait_until(sub { inflight() == 0 }), 'their places are free');
my $before = issued_count();
is(join(', ', map { told(answer_of(begin($_))) } @again), 'cp 0, cp 0, cp 0', 'they ask again with the same messages');
is(issued_count(), $before, 'and have the certificates of before');

# --- a key that takes long to prove its possession ---

new_key('slow', qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-384));
csr_of('device-1', key => 'slow');
for my $type (qw(ir p10cr)) {
    my $slow = message('device-1', $type, new_key => path('slow.key'));
    write_file('hold.verify', '');
    my $client = begin($slow);
    ok(wait_until(sub { -e path('hold.verify.waits') }), "$type: a request by a fast key for a slow one");
    is(get("$url/static")->{status}, 200, "$type: another location is served");
    fails(ask('device-2', 'cr', flip => 'protection'), 'badMessageCheck', "$type: and others by fast keys");
    unlink path('hold.verify');
    my $reply = answer_of($client);
    is($reply->{status}, 0, "$type: it is answered") or diag explain told($reply);
    ok(wait_until(sub { inflight() == 0 }), "$type: and its place is free");
    unlink path('hold.verify.waits');
}

# --- a MAC that costs more than a signature ---

is(told(ask('device-1', 'ir', mac => {iterations => 50_000}, implicit => 1)), 'ip 0', '50000 iterations');
fails(ask('device-1', 'ir', mac => {iterations => 100_001}), 'badAlg', 'beyond the bound');
