# CRLs are fetched from signerd when there are new ones, and served from files: with the headers
# that caches want, and whatever becomes of signerd.
use strict;
use warnings;
use Enroll::FakeRevocation;
use Enroll::Test;
use IO::Socket::SSL;

ca_init();
my %option = (workers => 2, http => <<'END');
    enroll_crl_path %%DIR%%/crls;
    enroll_pass revocation;
    upstream revocation { server unix:%%DIR%%/revocation.sock; }
    log_format enroll '$status $enroll_operation $enroll_status';
    gzip on; gzip_types *; gzip_min_length 1;
END
my $server = <<'END';
    access_log %%DIR%%/enroll.log enroll;
    location = /issuing.crl { enroll_crl issuing; }
    location = /issuing-delta.crl { enroll_crl issuing delta; }
    location ~ ^/parts/([^/]*)\.crl$ { enroll_crl issuing partition=$1; }
    location ~ ^/deltas/([^/]*)\.crl$ { enroll_crl issuing delta partition=$1; }
    location = /other.crl { enroll_crl other; }
    location = /status { enroll_status; }
END
start_nginx($server, %option);
allow_log(qr/connect\(\) to unix:.*failed/);

my $reply = get('/issuing.crl');
is($reply->{status}, 503, 'before the first list: 503');
is($reply->{headers}{'retry-after'}, 5, 'Retry-After');
is($reply->{headers}{'content-type'}, 'text/plain', 'text/plain');
is($reply->{body}, "the list is not here yet, try again later\n", 'one line');

sub eventually {
    my ($path, $text, $why) = @_;
    my $found;
    my $is = wait_until(sub { ($found = get($path))->{body} eq $text });
    ok($is, $why) or diag "$found->{status} " . substr $found->{body}, 0, 200;
    return $found;
}

fake_revocation('revocation');
my $this = time - 1000;
publish(crl_list(ca => 'issuing', number => 5, this => $this, next => $this + 3000),
    crl_list(ca => 'foreign', number => 1), crl_list(ca => 'issuing', number => 5, partition => 2, text => "part 2\n"));

# --- one list and its headers ---

$reply = eventually('/issuing.crl', "list 5 of issuing\n", 'the list is there');
my $headers = $reply->{headers};
is($reply->{status}, 200, 'status');
is($headers->{'content-type'}, 'application/pkix-crl', 'Content-Type');
is($headers->{'content-length'}, 18, 'Content-Length');
like($headers->{'cache-control'}, qr/^max-age=(?:19|20)\d\d, public, no-transform\z/, 'Cache-Control');
my $date = must(qw(date -u), "--date=\@$this", '+%a, %d %b %Y %H:%M:%S GMT') =~ s/\n//r;
is($headers->{'last-modified'}, $date, 'Last-Modified');
ok($headers->{expires}, 'Expires');
like($headers->{etag}, qr/^"5-[0-9a-f]{16}"\z/, 'ETag');
my ($etag, $modified) = @$headers{qw(etag last-modified)};

for my $condition (["If-None-Match: $etag", 304], ['If-None-Match: "4-0"', 200], ["If-Modified-Since: $modified", 304],
    ['If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT', 200]) {
    my ($header, $status) = @$condition;
    my $answer = get('/issuing.crl', -H => $header);
    is($answer->{status}, $status, "$header: $status");
    is(length $answer->{body}, $status == 304 ? 0 : 18, "$header: body");
    is($answer->{headers}{etag}, $etag, "$header: ETag");
}
my $head = get('/issuing.crl', '--head');
is("$head->{status} $head->{headers}{'content-length'} $head->{headers}{etag}", "200 18 $etag", 'HEAD');
is(get('/issuing.crl', '--http1.0')->{body}, "list 5 of issuing\n", 'HTTP/1.0');
is(get('/issuing.crl', -r => '5-5')->{body}, '5', 'a range');
my $packed = get('/issuing.crl', -H => 'Accept-Encoding: gzip');
is($packed->{headers}{'content-encoding'} // 'none', 'none', 'it is not compressed');
for my $method (qw(POST PUT DELETE)) {
    my $answer = get('/issuing.crl', -X => $method);
    is("$answer->{status} $answer->{headers}{allow}", '405 GET, HEAD', "$method: 405");
}
is(slurp(glob path('crls/issuing.crl')) =~ s/\n.*/\n/sr, "list 5 of issuing\n", 'the file begins with the list');

# --- parts, deltas, lists of others ---

eventually('/parts/2.crl', "part 2\n", 'a part');
is(get("/parts/$_.crl")->{status}, 404, "/parts/$_.crl: 404") for qw(0 1025 02 -1 x 4294967298), '';
is(get('/parts/3.crl')->{status}, 503, 'a part that there may be');
is(get('/issuing-delta.crl')->{status}, 503, 'no delta yet');
ok(!-e path('crls/foreign.crl'), 'a list that no location has is not fetched');
ok(wait_until(sub { read_file('error.log') =~ /\[warn\].*has no list of a CA "other" for us/ }), 'a CA without lists is in the log');
publish(crl_list(ca => 'issuing', number => 6, delta => 1, text => "delta\n"),
    crl_list(ca => 'issuing', number => 6, delta => 1, partition => 2, text => "delta of a part\n"));
eventually('/issuing-delta.crl', "delta\n", 'a delta');
eventually('/deltas/2.crl', "delta of a part\n", 'and one of a part');

# --- a new one ---

publish(crl_list(ca => 'issuing', number => 6));
$reply = eventually('/issuing.crl', "list 6 of issuing\n", 'a new list');
isnt($reply->{headers}{etag}, $etag, 'has another ETag');

# Larger than a frame, and no multiple of a piece.
my $large = "123456789\n" x 90_001;
my $before = asked('crl');
publish(crl_list(ca => 'issuing', number => 7, text => "123456789\n", times => 90_001));
$reply = eventually('/issuing.crl', $large, 'a list in pieces');
is($reply->{headers}{'content-length'}, 900_010, 'its length');
is(asked('crl') - $before, 7, 'seven pieces, and no other list again');

# What was announced is not what comes: the former one is served, and then the right one.
publish(crl_list(ca => 'issuing', number => 8, sha256 => '00' x 32));
ok(wait_until(sub { read_file('error.log') =~ /crl: "issuing.crl" cannot be fetched: its hash is not the one announced/ }),
    'a wrong hash is in the log');
ok(get('/issuing.crl')->{body} eq $large, 'and the list is not taken');
is(scalar(() = glob path('crls/*.tmp')), 0, 'nothing is left of it');
publish(crl_list(ca => 'issuing', number => 9));
eventually('/issuing.crl', "list 9 of issuing\n", 'the one after it');

# An expired list is for the client to judge.
publish(crl_list(ca => 'issuing', number => 10, this => time - 200, next => time - 100));
$reply = eventually('/issuing.crl', "list 10 of issuing\n", 'an expired list');
like($reply->{headers}{'cache-control'}, qr/^max-age=0,/, 'max-age');

# --- signerd goes ---

sub silences { my $count = () = read_file('error.log') =~ /no news of revocations and CRLs from "revocation": /g; return $count }
my $silences = silences();
stop_revocation('revocation');
is(get('/issuing.crl')->{body}, "list 10 of issuing\n", 'signerd is away');
ok(wait_until(sub { silences() > $silences }), 'the log says so');
stop('nginx', 'QUIT');
is(silences() - $silences, 1, 'once');
start_nginx($server, %option);
is(get('/issuing.crl')->{body}, "list 10 of issuing\n", 'and nginx was started anew');
is(get('/parts/2.crl')->{body}, "part 2\n", 'with all that it had');

# A store that was set up anew begins with small numbers, perhaps the same ones.
publish(crl_list(ca => 'issuing', number => 10, text => "another store\n"));
fake_revocation('revocation');
eventually('/issuing.crl', "another store\n", 'the same number of another list');
my @log = split /\n/, read_file('enroll.log');
ok((grep { $_ eq '200 crl ok' } @log), 'the access log knows what was served');
ok((grep { $_ eq '503 crl unavailable' } @log), 'and what was not there');
ok((grep { $_ eq '404 crl not_found' } @log), 'and what cannot be');
my $status = JSON::PP::decode_json(get('/status')->{body});
is($status->{protocol}, 'enroll', 'the counters');
is($status->{failed_logins}{addresses}, 0, 'know of no wrong token');
my ($parts) = grep { $_->{location} =~ m{parts} } @{$status->{locations}};
is($parts->{operations}{crl}{ok}, 1, 'and count each list that was served');
