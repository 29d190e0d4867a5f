# Ten thousand requests that are wrong in every way we know of, over HTTP and as EST, while a
# good client enrols: each gets a refusal or is cut off, none of the good ones is lost, nothing
# grows, no alert. HOSTILE_REQUESTS is their number, HOSTILE_SEED chooses them.
use strict;
use warnings;
use Enroll::Client;
use Enroll::Test;
use MIME::Base64 qw(encode_base64);
use Time::HiRes qw(sleep);

my $sanitizer = ($ENV{ASAN_OPTIONS} // '') =~ /detect/;
my $total = $ENV{HOSTILE_REQUESTS} || ($sanitizer ? 2_000 : 10_000);
my $warm = int($total / 5);
my $seed = $ENV{HOSTILE_SEED} || 1;
srand $seed;

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
start_signerd();
start_nginx(<<'END');
    client_max_body_size 128k; keepalive_requests 1000000; keepalive_time 10h;
    location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth basic; est_password_file %%DIR%%/passwords;
        est_read_timeout 5m;
    }
END

# --- the good client ---

new_csr('good', '/CN=good');
start('good', sub {
    my $client = Enroll::Client->new(user => 'demo:secret');
    open my $out, '>>', path('good.statuses') or die $!;
    for (my $number = 1; !-e path('stop'); $number++) {
        my $reply = $client->post(read_file('good.csr'), "Idempotency-Key: good-$number");
        syswrite $out, "$reply->{status}\n";
        sleep 0.01;
    }
});

# --- the bad ones ---

sub one_of { return $_[rand @_] }
sub octets { my ($count) = @_; return join '', map { chr int rand 256 } 1 .. $count }

sub content {
    my ($file) = @_;
    open my $in, '<:raw', $file or die "$file: $!";
    local $/;
    return <$in>;
}

my @csrs = map { content($_) } glob 't/vectors/csr/* t/fuzz/corpus/csr/*';
my @bodies = map { content($_) } glob 't/fuzz/corpus/est_body/*';

sub mutate {
    my ($text) = @_;
    for (1 .. 1 + rand 4) {
        last if !length $text;
        my $at = int rand length $text;
        one_of(
            sub { substr $text, $at, 1, octets(1) },
            sub { substr $text, $at, 1, chr(ord(substr $text, $at, 1) ^ 1 << int rand 8) },
            sub { $text = substr $text, 0, $at },
            sub { substr $text, $at, 0, octets(1 + rand 8) },
            sub { substr $text, $at, int rand 8, '' },
            sub { $text .= substr $text, $at },
        )->();
    }
    return $text;
}

my $path = '/.well-known/est/simpleenroll';
my $auth = 'Authorization: Basic ' . encode_base64('demo:secret', '');
my $type = 'Content-Type: application/pkcs10';

sub http_text {
    my ($line, $body, @headers) = @_;
    return join "\r\n", $line, 'Host: localhost', $auth, @headers, 'Content-Length: ' . length $body, '', $body;
}
sub est { my ($body, @headers) = @_; return http_text("POST $path HTTP/1.1", $body, @headers ? @headers : $type) }
sub head { return join "\r\n", "POST $path HTTP/1.1", 'Host: localhost', @_ }
sub chunked { return head($auth, $type, 'Transfer-Encoding: chunked', '', @_) }
sub with_header { return head(@_, 'Content-Length: 4', '', 'AAAA') }
sub of_length { return head($auth, $type, "Content-Length: $_[0]", '', '') }
sub header_octets { return octets(@_) =~ tr/\r\n\0//dr }

# What is sent; those of the second list leave something out, so nobody waits for an answer.
my %whole = (
    'DER, mutated' => sub { est(mutate(one_of(@csrs))) },
    'base64 of mutated DER' => sub { est(encode_base64(mutate(one_of(@csrs)), one_of('', "\n", "\r\n"))) },
    'mutated base64' => sub { est(mutate(encode_base64(one_of(@csrs)))) },
    'mutated body' => sub { est(mutate(one_of(@bodies))) },
    'octets' => sub { est(octets(rand 500)) },
    'base64 of octets' => sub { est(encode_base64(octets(rand 500))) },
    'almost base64' => sub {
        est(join '', map { one_of('A' .. 'Z', '=', '-', '_', ' ', "\n", "\0") } 1 .. rand 300);
    },
    'nothing' => sub { est('') },
    'deep DER' => sub { est("\x30\x80" x (1 + rand 2000)) },
    'long lengths' => sub {
        est("\x30" . one_of("\x84\xff\xff\xff\xff", "\x88" . "\xff" x 8, "\xff") . octets(50));
    },
    'large' => sub { est('A' x (60_000 + rand 60_000)) },
    'another type' => sub {
        est(one_of(@csrs), 'Content-Type: ' . one_of('text/plain', 'application/json', '',
            'x' x 3000, 'application/pkcs10; =', header_octets(5)));
    },
    'another encoding' => sub {
        est(one_of(@csrs), $type, 'Content-Encoding: gzip',
            'Content-Transfer-Encoding: ' . one_of('binary', 'quoted-printable', 'x' x 500));
    },
    'another method' => sub {
        http_text(one_of(qw(GET PUT DELETE OPTIONS PATCH TRACE PROPFIND BREW)) . " $path HTTP/1.1", '');
    },
    'another path' => sub {
        my @names = ('', qw(simpleenrol simpleenroll/ /simpleenroll a/b/simpleenroll serverkeygen
            ../est/simpleenroll fullcmc csrattrs %00 %2e%2e/x), 'x' x 3000);
        http_text('POST /.well-known/est/' . one_of(@names) . ' HTTP/1.1', 'AAAA', $type);
    },
    'a long path' => sub { http_text("POST $path?" . 'x' x (9000 + rand 9000) . ' HTTP/1.1', '') },
    'a wrong password' => sub {
        with_header('Authorization: ' . one_of('Basic', 'Basic =', 'Digest x', 'Bearer x',
            'Basic ' . encode_base64(octets(30), ''), 'Basic ' . 'A' x 5000), $type);
    },
    'bad keys' => sub {
        est(one_of(@csrs), $type, 'Idempotency-Key: '
            . one_of('', 'x' x 200, 'a b', "caf\xc3\xa9", header_octets(20)));
    },
    'two keys' => sub { est(one_of(@csrs), $type, 'Idempotency-Key: a', 'Idempotency-Key: b') },
    'a large header' => sub { with_header($auth, $type, 'X-Large: ' . 'x' x (3000 + rand 40_000)) },
    'many headers' => sub { with_header($auth, $type, map { "X-$_: 1" } 1 .. rand 800) },
    'octets in a header' => sub { with_header($auth, $type, 'X-Odd: ' . header_octets(40)) },
    'two lengths' => sub { with_header($auth, $type, 'Content-Length: 40') },
    'length and chunks' => sub { with_header($auth, $type, 'Transfer-Encoding: chunked') },
    'a folded header' => sub { with_header($auth, $type, "X-Folded: a\r\n b") },
    'no host' => sub { "POST $path HTTP/1.1\r\n\r\n" },
    'another version' => sub { "POST $path HTTP/" . one_of('9.9', '2.0', '1.', 'x') . "\r\n\r\n" },
    'HTTP/1.0' => sub { "POST $path HTTP/1.0\r\n$auth\r\n$type\r\nContent-Length: 4\r\n\r\nAAAA" },
    'no HTTP' => sub {
        one_of("\r\n\r\n\r\n" . octets(20) . "\r\n\r\n", "\0" x 30 . "\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 'x' x 40_000);
    },
    'a bad chunk' => sub {
        chunked(one_of("x\r\n", "-1\r\nA\r\n", "ffffffffffffffff\r\nA", 'f' x 100,
            "4\r\nAAAAAAAA\r\n0\r\n\r\n"));
    },
    'good chunks of nonsense' => sub {
        my @data = map { octets(1 + rand 20) } 1 .. 20;
        chunked(join '', map({ sprintf "%x\r\n%s\r\n", length, $_ } @data), "0\r\n\r\n");
    },
    'not a length' => sub { of_length(one_of('x', '-1', '1 1', '9' x 23)) },
    'a length beyond the limit' => sub { of_length(4_000_000_000) },
);
my %cut = (
    'half a body' => sub { my $text = est(encode_base64(one_of(@csrs))); substr $text, 0, length($text) - 5 },
    'half a header' => sub { my $text = est('AAAA'); substr $text, 0, rand 100 },
    'half a chunk' => sub { chunked("40\r\nMIIB") },
    'many at once' => sub { est(octets(20)) x 30 },
    'a good one, and gone' => sub { est(read_file('good.csr')) },
);

my $client = Enroll::Client->new(seconds => 10);
my %statuses;

sub send_one {
    my $name = one_of(sort(keys %whole), sort keys %cut);
    my $text = ($whole{$name} || $cut{$name})->();
    $client->send($text);
    return $client->close if !$whole{$name};
    my $status = $client->receive->{status};
    $statuses{$status}{$name}++;
    # Whatever follows on this connection might be taken for the rest of it.
    $client->close if $status != 401 && $status != 403 && $status != 404;
    return;
}

# --- memory ---

sub rss {
    my ($pid) = @_;
    open my $in, '<', "/proc/$pid/status" or die "$pid: $!";
    return (map { /^VmRSS:\s+(\d+)/ ? $1 : () } <$in>)[0];
}

sub worker {
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $stat or next;
        my ($pid, $parent) = (<$in> // '') =~ /^(\d+) \(.*\) \w (\d+)/ or next;
        return $pid if $parent == pid_of('nginx');
    }
    die 'no worker';
}

my $status = JSON::PP::decode_json(signerctl(qw(--json status))->{out});
my %processes = (worker => worker(), front => pid_of('signerd'), 'key child' => $status->{key_child}{pid});
sub store_size { my $size = 0; $size += -s for glob path('signerd.db*'); return $size / 1024 }

send_one() for 1 .. $warm;
my %before = map { $_ => rss($processes{$_}) } keys %processes;
my $stored = store_size();
send_one() for $warm + 1 .. $total;
my %grown = map { $_ => rss($processes{$_}) - $before{$_} } keys %processes;
$stored = store_size() - $stored;

write_file('stop', '');
wait_until(sub { !alive('good') });
my %good;
$good{$_}++ for split /\n/, read_file('good.statuses');
note "$good{200} good requests beside $total bad ones, seed $seed";
is(join(' ', keys %good), '200', 'the good client got a certificate for each request');

for my $got (sort { $a <=> $b } keys %statuses) {
    note "$got: " . join ', ', map { "$statuses{$got}{$_} $_" } sort keys %{$statuses{$got}};
}
my @faults = grep { /^5/ && !/^50[15]$/ } keys %statuses;
is("@faults", '', 'no bad request was a fault of ours') or diag explain @statuses{@faults};
is(join(' ', grep { !-e "/proc/$processes{$_}" } keys %processes), '', 'all processes are still there');

# What SQLite keeps of the store in memory grows with the store, up to its cache.
my %bound = (worker => 2048, 'key child' => 1024, front => 2048 + $stored);
SKIP: {
    skip 'a sanitizer keeps what was freed', 3 if $sanitizer;
    for my $name (sort keys %grown) {
        note "$name: $before{$name} KiB after $warm requests, $grown{$name} more after $total";
        cmp_ok($grown{$name}, '<', $bound{$name}, "$name: does not grow by more than $bound{$name} KiB");
    }
}
is(signerctl(qw(audit verify))->{status}, 0, 'the audit chain verifies');
