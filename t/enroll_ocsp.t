# OCSP over HTTP: every way to send a request, every word of refusal, and a cache that forgets
# what was revoked.
use strict;
use warnings;
use Enroll::FakeRevocation;
use Enroll::Test;
use MIME::Base64 ();
use Time::HiRes qw(sleep);

ca_init();
fake_revocation('revocation');
my %option = (workers => 2, listen => 'default_server', http => <<'END');
    enroll_pass revocation;
    enroll_read_timeout 5m;
    enroll_ocsp_cache 256k;
    upstream revocation { server unix:%%DIR%%/revocation.sock; keepalive 4; }
    limit_req_zone $server_name zone=one:32k rate=1r/m;
    log_format enroll '$status $enroll_operation $enroll_status $enroll_cache';
END
start_nginx(<<'END', %option);
    access_log %%DIR%%/enroll.log enroll;
    location /ocsp/ { enroll_ocsp; enroll_max_inflight 1; }
    location /bare { enroll_ocsp; }
    location /nonce/ { enroll_ocsp; enroll_ocsp_nonce on; }
    location /away/ { enroll_ocsp; enroll_pass unix:%%DIR%%/absent.sock; enroll_read_timeout 300ms; }
    location /small/ { enroll_ocsp; client_max_body_size 10; }
    location /limited/ { enroll_ocsp; limit_req zone=one; }
    location /denied/ { enroll_ocsp; deny all; }
    location /paged/ { enroll_ocsp; enroll_pass unix:%%DIR%%/absent.sock; error_page 502 = @page; }
    location @page { return 200 "page"; }
    location /inside/ {
        enroll_ocsp;
        limit_except GET { deny all; }
        if ($arg_x) { add_header X-Inside yes; }
    }
    location = /status { enroll_status; }
    rewrite ^/rewritten/(.*)$ /ocsp/$1 last;
END
allow_log(qr/connect\(\) to unix:.*failed/);
my $base = 'http://127.0.0.1:' . port('https');

sub urlsafe { my ($text) = @_; return $text =~ s/\+/-/gr =~ s{/}{_}gr =~ s/=//gr }
sub escaped { my ($text) = @_; return $text =~ s{([+/=])}{sprintf '%%%02X', ord $1}ger }
sub base64 { return MIME::Base64::encode_base64($_[0], '') }
sub ask { my ($path, @options) = @_; return http("$base$path", '--path-as-is', @options) }
sub send_body {
    my ($path, $der, @options) = @_;
    @options = (-H => 'Content-Type: application/ocsp-request') if !@options;
    return post("$base$path", $der, @options);
}

# What the cache did with the last request; the log is written after the answer.
my $logged = 0;
sub logged {
    my @lines;
    wait_until(sub { (@lines = split /\n/, read_file('enroll.log')) > $logged });
    $logged = @lines;
    return $lines[-1];
}

sub ocsp_is {
    my ($reply, $body, $why) = @_;
    is($reply->{status}, 200, "$why: 200");
    is($reply->{headers}{'content-type'}, 'application/ocsp-response', "$why: Content-Type");
    is($reply->{headers}{'content-length'}, length $reply->{body}, "$why: Content-Length");
    like($reply->{body}, $body, "$why: body");
    return;
}

sub error_is {
    my ($reply, $number, $log, $why) = @_;
    ocsp_is($reply, qr/^\x30\x03\x0a\x01[\Q@{[chr $number]}\E]\z/, $why);
    is($reply->{headers}{'cache-control'}, 'no-store', "$why: not kept");
    like(logged(), qr/^200 ocsp $log/, "$why: the log");
    return;
}

# --- ways to send it ---

# One whose base64 has what a path stumbles over.
sub with_pattern {
    my ($pattern) = @_;
    for my $serial (1000 .. 3000) {
        my $der = ocsp_request("0x4f3f${serial}fbffff3fefbe");
        return $der if base64($der) =~ $pattern;
    }
    die "no request with $pattern";
}

my $der = with_pattern(qr{//.*\+|\+.*//});
my $text = base64($der);
my @ways = (
    ['POST', sub { send_body('/ocsp/', $der) }],
    ['POST with a parameter', sub { send_body('/ocsp/', $der, -H => 'Content-Type: Application/OCSP-Request; charset=x') }],
    ['POST in chunks', sub { send_body('/ocsp/', $der, -H => 'Content-Type: application/ocsp-request',
        -H => 'Transfer-Encoding: chunked') }],
    ['GET', sub { ask("/ocsp/$text") }],
    ['GET, escaped', sub { ask('/ocsp/' . escaped($text)) }],
    ['GET, base64url', sub { ask('/ocsp/' . urlsafe($text)) }],
    ['GET without padding', sub { ask('/ocsp/' . $text =~ s/=//gr) }],
    ['GET with slashes before it', sub { ask("//ocsp///$text") }],
    ['GET behind a bare name', sub { ask("/bare/$text") }],
    ['GET with arguments', sub { ask("/ocsp/$text?x=y") }],
    ['GET of an escaped path', sub { ask("/%6fcsp/$text") }],
    ['GET by HTTP/1.0', sub { ask("/ocsp/$text", '--http1.0') }],
    ['GET after a rewrite', sub { ask('/rewritten/' . urlsafe($text)) }],
);
for my $way (@ways) {
    my ($name, $send) = @$way;
    ocsp_is($send->(), qr/^response 1, 1 certificates, nonce \n\z/, $name);
    like(logged(), $way == $ways[0] ? qr/^200 ocsp ok miss/ : qr/^200 ocsp ok hit/, "$name: the log");
}
is(asked('ocsp'), 1, 'signerd was asked once');

my $inside = ask("/inside/$text?x=1");
ocsp_is($inside, qr/^response 1,/, 'in a block inside the location');
is($inside->{headers}{'x-inside'}, 'yes', 'which counts');
is(send_body('/inside/', $der)->{status}, 403, 'another one refuses');

# --- headers ---

my $reply = ask("/ocsp/$text");
my $headers = $reply->{headers};
like($headers->{'cache-control'}, qr/^max-age=[456]\d\d, public, no-transform, must-revalidate\z/, 'Cache-Control');
ok($headers->{'last-modified'}, 'Last-Modified');
ok($headers->{expires}, 'Expires');
like($headers->{etag}, qr/^"[0-9a-f]{16}"\z/, 'ETag');
is(ask("/ocsp/$text", -H => "If-None-Match: $headers->{etag}")->{status}, 304, 'GET: If-None-Match');
my @post = (-H => 'Content-Type: application/ocsp-request');
is(send_body('/ocsp/', $der, @post, -H => "If-None-Match: $headers->{etag}")->{status}, 200, 'POST: it does not apply');
my $other = base64(ocsp_request(77));
my $miss = ask("/ocsp/$other");
my $hit = ask("/ocsp/$other");
is_deeply([@{$hit->{headers}}{qw(etag last-modified expires)}], [@{$miss->{headers}}{qw(etag last-modified expires)}],
    'a miss has the headers of a hit');

# --- what is no request, or none of ours ---

logged();
error_is(send_body('/ocsp/', 'nonsense'), 1, 'malformed -', 'POST of nonsense');
error_is(send_body('/ocsp/', ''), 1, 'malformed -', 'POST of nothing');
error_is(ask($_), 1, 'malformed -', "GET $_") for '/ocsp/', '/ocsp/MAA', '/ocsp/M*', "/ocsp/${text}AAAA";
is(ask("/ocsp/%$_")->{status}, 400, "an escape that is none: $_") for '4', 'zz';
logged();
my $big = send_body('/ocsp/', 'x' x 16385);
is("$big->{status} $big->{headers}{'content-type'}", '413 text/plain', 'a long body: 413');
like(logged(), qr/^413 ocsp malformed -/, '413: the log');
is(send_body('/ocsp/', 'x' x 16385, @post, -H => 'Transfer-Encoding: chunked')->{status}, 413, 'a long body in chunks: 413');
is(send_body('/small/', $der)->{status}, 413, 'a limit of nginx: 413');
is(send_body('/ocsp/', $der, -H => 'Content-Type: text/plain')->{status}, 415, 'another type: 415');
is(send_body('/ocsp/', $der, -H => 'Content-Type: application/ocsp-requests')->{status}, 415, 'nearly that type: 415');
is(send_body('/ocsp/', $der, -H => 'Content-Type:')->{status}, 415, 'no type: 415');
for my $method (qw(PUT DELETE OPTIONS)) {
    my $answer = ask("/ocsp/$text", -X => $method);
    is("$answer->{status} $answer->{headers}{allow}", '405 GET, POST', "$method: 405");
}
is(ask("/ocsp/$text", '--head')->{status}, 405, 'HEAD: 405');
is(ask("/denied/$text")->{status}, 403, 'a rule of nginx: 403');

# --- signerd's refusals, and its absence ---

sub unseen { my ($serial) = @_; return base64(ocsp_request($serial)) }
sub how { my (%how) = @_; change_state(sub { $_[0]{ocsp} = \%how }); return }

logged();
my @errors = ([1, 1, 'malformed'], [2, 6, 'not_found'], [6, 6, 'not_found'], [8, 6, 'not_found'],
    [9, 3, 'unavailable'], [10, 3, 'unavailable'], [11, 2, 'internal']);
for my $error (@errors) {
    my ($code, $number, $outcome) = @$error;
    how(error => $code);
    error_is(ask('/ocsp/' . unseen(100 + $code)), $number, "$outcome miss", "error $code of signerd");
}
how();
error_is(ask("/away/$text"), 3, 'unavailable miss', 'GET, signerd is away');
error_is(send_body('/away/', $der), 3, 'unavailable miss', 'POST, signerd is away');
is(ask("/paged/$text")->{body}, 'page', 'error_page comes first');
ask('/limited/x');
logged();
error_is(ask("/limited/$text"), 3, 'unavailable -', 'a limit of nginx');

# --- one too many ---

how(silent => 1);
write_file('silent', '');
my $busy = asked('ocsp');
start('client', 'curl', '-sS', '-o', path('client.body'), "$base/ocsp/" . unseen(200));
ok(wait_until(sub { asked('ocsp') > $busy }), 'a request is being worked on');
error_is(ask('/ocsp/' . unseen(201)), 3, 'unavailable miss', 'one too many');
error_is(send_body('/ocsp/', ocsp_request(201)), 3, 'unavailable miss', 'one too many by POST');
is(ask("/ocsp/$text")->{body}, "response 1, 1 certificates, nonce \n", 'what is in the cache needs no place');
unlink path('silent');
wait_end('client');
like(read_file('client.body'), qr/^response/, 'the first one gets its answer');
how();
ocsp_is(ask('/ocsp/' . unseen(201)), qr/^response/, 'there is a place again');

# --- the cache forgets ---

# Asks for this serial; returns whether signerd was asked.
sub fresh {
    my ($serial, $path) = @_;
    my $before = asked('ocsp');
    ask(($path || '/ocsp/') . unseen($serial));
    return asked('ocsp') - $before;
}

is(fresh(0x300 + $_), 1, "certificate $_: asked for") for 1 .. 3;
is(fresh(0x300 + $_), 0, "certificate $_: in the cache") for 1 .. 3;
revoke('0301');
ok(wait_until(sub { fresh(0x301) }), 'a revoked certificate is asked for again');
is(fresh(0x302), 0, 'others are not');
everything();
ok(wait_until(sub { fresh(0x302) }), 'everything may have changed');
is(fresh(0x303), 1, 'nothing is left');
is(fresh(0x303), 0, 'and it is filled again');

# An answer that does not know of the last revocation, because it was on its way.
my $change = state()->{change};
how(change => $change - 1);
is(fresh(0x304), 1, 'an answer from before');
is(fresh(0x304), 1, 'is not kept');
how(next => 0);
is(fresh(0x305), 1, 'an answer without a next update');
is(fresh(0x305), 1, 'is not kept');
$reply = ask('/ocsp/' . unseen(0x305));
is($reply->{headers}{'cache-control'}, 'no-store', 'by nobody');
is($reply->{headers}{etag}, undef, 'and has no ETag');
how(next => time + 20);
is(fresh(0x306), 1, 'an answer that is nearly over');
is(fresh(0x306), 1, 'is not kept');
how(size => 65_000 - 60);
like(ask('/ocsp/' . unseen(0x307))->{body}, qr/\n(?:x{32470}){2}\z/, 'a long answer comes whole');
how();

# More than there is room for.
how(size => 2000);
fresh(0x1000 + $_) for 1 .. 150;
is(fresh(0x1000 + 150), 0, 'the last one is kept');
is(fresh(0x1000 + 1), 1, 'the first one has made room');
how();

# --- nonces, and several certificates at once ---

my $nonce = ocsp_request(0x400, '-nonce');
logged();
ocsp_is(send_body('/ocsp/', $nonce), qr/certificates, nonce \n/, 'a nonce');
like(logged(), qr/ok miss/, 'is ignored');
is(fresh(0x400), 0, 'and the answer is kept');
logged();
for (1 .. 2) {
    ocsp_is(send_body('/nonce/', $nonce), qr/1 certificates, nonce 0410[0-9a-f]{32}\n/, 'a nonce that counts');
    like(logged(), qr/ok bypass/, 'is answered by signerd');
}
is(fresh(0x400, '/nonce/'), 0, 'without one the cache serves there too');
is(fresh(0x401, '/nonce/'), 1, 'and is filled');
is(fresh(0x401), 0, 'for all');
logged();
for (1 .. 2) {
    ocsp_is(send_body('/ocsp/', ocsp_request([0x400, 0x401])), qr/, 2 certificates/, 'two certificates');
    like(logged(), qr/ok bypass/, 'are asked for together');
}

# --- without signerd ---

stop_revocation('revocation');
logged();
ocsp_is(ask('/ocsp/' . unseen(0x401)), qr/^response/, 'signerd is away: the cache serves');
logged();
error_is(ask('/ocsp/' . unseen(0x402)), 3, 'unavailable miss', 'signerd is away: the rest');
my %counted = map { $_->{location} => $_->{operations}{ocsp} } @{JSON::PP::decode_json(http("$base/status")->{body})->{locations}};
cmp_ok($counted{'localhost/ocsp/'}{malformed}, '>=', 7, 'malformed requests are counted');
is($counted{'localhost/denied/'}{denied}, 1, 'refusals of nginx are');
is($counted{'localhost/limited/'}{unavailable}, 1, 'those that OCSP has a word for too');
