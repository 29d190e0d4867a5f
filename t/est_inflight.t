# Requests that are being worked on are limited, by location and over all: 503 at once for
# one too many, and every way in which a request can end gives its place back.
use strict;
use warnings;
use Enroll::FakeSigner;
use Enroll::Test;
use IO::Socket::SSL;
use Time::HiRes qw(sleep);

ca_init();
write_file('slow', 'demo:' . crypt('secret', '$6$rounds=50000$salt1234$') . "\n");
# Answers when there is a file "go", with a refusal.
fake_signer('slow', sub {
    my ($socket, $request) = @_;
    sleep 0.01 until -e path('go');
    syswrite $socket, error_frame($request->{id}, 6, 'profile: answered');
    return 1;
});

my $est = 'est_pass slow; est_profile device; est_auth none;';
my $server = <<"END";
    add_header X-Worker \$pid always;
    est_max_inflight 2; est_retry_after 7; est_read_timeout 5m;
    location /.well-known/est/ { $est }
    location /.well-known/est/other/ { $est }
    location /.well-known/est/hash/ {
        est_pass slow; est_profile device; est_auth basic; est_password_file %%DIR%%/slow;
        est_max_inflight 1;
    }
    location /.well-known/est/away/ {
        est_pass unix:%%DIR%%/absent.sock; est_profile device; est_auth none;
        error_page 502 503 = \@elsewhere;
    }
    location \@elsewhere { $est est_label away; }
    location = /status { est_status; }
END
my %option = (http => <<'END');
    upstream slow { server unix:%%DIR%%/slow.sock; keepalive 8; }
    est_max_inflight_total 3;
END
start_nginx($server, %option);
allow_log(qr/exited on signal 9/, qr/connect\(\) to unix:.*absent\.sock failed/);

new_csr('device', '/CN=device-1');
my $csr = read_file('device.csr');
write_file('body', $csr);
my $url = 'https://localhost:' . port('https') . '/.well-known/est/';
my @pkcs10 = (-H => 'Content-Type: application/pkcs10');
my $clients = 0;

sub now { return JSON::PP::decode_json(get('/status')->{body}) }

sub inflight {
    my ($name) = @_;
    my $now = now();
    return $now->{total}{in_flight} if !defined $name;
    my ($location) = grep { $_->{location} eq "localhost$name" } @{$now->{locations}};
    return $location->{in_flight};
}

# A client in the background, whose request is being worked on when this returns.
sub busy_with {
    my ($url_end, @options) = @_;
    my ($name, $expected) = ('client' . ++$clients, inflight() + 1);
    start($name, qw(curl -sS --http1.1 -o /dev/null -w %{http_code} --cacert), path('ca/root.pem'), @options, "$url$url_end");
    ok(wait_until(sub { inflight() == $expected }), "$url_end is being worked on");
    return $name;
}

sub busy {
    my ($label, @options) = @_;
    return busy_with("${label}simpleenroll", @pkcs10, '--data-binary', '@' . path('body'), @options);
}

sub enroll { my ($label, @options) = @_; return post("/.well-known/est/${label}simpleenroll", $csr, @options) }

sub answered { write_file('go', ''); return }

# What the clients have got, after the signer has answered.
sub ends { my @names = @_; wait_end($_) for @names; return join ' ', map { read_file("$_.log") } @names }

sub all_free {
    my ($why) = @_;
    ok(wait_until(sub { inflight() == 0 }), "$why: all places are free");
    my @taken = grep { $_->{in_flight} } @{now()->{locations}};
    is(scalar @taken, 0, "$why: in each location");
    unlink path('go');
    return;
}

# --- one location, and all of them ---

my @waiting = (busy(''), busy_with('cacerts'));
my $seen = seen('slow');
my $reply = enroll('');
is($reply->{status}, 503, 'the location is full');
is($reply->{headers}{'retry-after'}, 7, 'Retry-After');
is($reply->{body}, "too many requests are being worked on, try again later\n", 'one line');
is(get('/.well-known/est/cacerts')->{status}, 503, 'for cacerts too');
is(get('/.well-known/est/csrattrs')->{status}, 503, 'and for csrattrs');
is(enroll('', -H => 'Content-Type: text/html')->{status}, 503, 'before anything else is looked at');
is(seen('slow'), $seen, 'no signer was asked');

# The body that nobody reads does not end the connection.
my $two = run(qw(curl -sS --http1.1 -o /dev/null -w), '%{http_code}/%{num_connects} ', '--cacert', path('ca/root.pem'),
    @pkcs10, '--data-binary', '@' . path('body'), "${url}simpleenroll", '--next', qw(-sS -o /dev/null -w),
    '%{http_code}/%{num_connects} ', '--cacert', path('ca/root.pem'), "${url}csrattrs");
is($two->{out}, '503/1 503/0 ', 'the connection is kept');

# The answer does not wait for the body, and what comes of it later is passed over.
sub connection {
    return IO::Socket::SSL->new(PeerAddr => '127.0.0.1:' . port('https'), SSL_hostname => 'localhost',
        SSL_ca_file => path('ca/root.pem')) || die $!;
}

# The status of the next answer, which is read to its end.
sub answer {
    my ($socket) = @_;
    my ($status) = (<$socket> // '') =~ m{^HTTP/1.1 (\d+)};
    my $length = 0;
    while (defined(my $line = <$socket>)) {
        $length = $1 if $line =~ /^Content-Length: (\d+)/i;
        last if $line eq "\r\n";
    }
    read $socket, my $body, $length if $length;
    return $status;
}

my $head = "POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/pkcs10\r\n";
for my $case (['by length', 'Content-Length: 40000', 'x' x 20_000, 'x' x 20_000],
    ['in chunks', 'Transfer-Encoding: chunked', "4e20\r\n" . 'x' x 20_000, "\r\n0\r\n\r\n"]) {
    my ($name, $field, $first, $rest) = @$case;
    my $half = connection();
    print {$half} "$head$field\r\n\r\n$first";
    is(answer($half), 503, "half a body, $name");
    print {$half} $rest, "GET /.well-known/est/csrattrs HTTP/1.1\r\nHost: localhost\r\n\r\n";
    is(answer($half), 503, "the rest and the next request, $name");
    close $half;
}

push @waiting, busy('other/');
is(enroll('other/')->{status}, 503, 'the limit over all locations');
is(inflight(), 3, 'what was refused holds no place');
is(inflight('/.well-known/est/'), 2, 'nor in its location');
answered();
is(ends(@waiting), '403 403 403', 'the others got their answers');
all_free('answered');
is(now()->{total}{shed}, 11, 'the refusals were counted');

# --- a client that is slow, one that leaves ---

my $slow = connection();
print {$slow} "${head}Expect: 100-continue\r\nContent-Length: " . length($csr) . "\r\n\r\n";
like(scalar <$slow>, qr/^HTTP\/1.1 100 /, 'a request of which the body is to come');
is(inflight(), 0, 'holds no place');
@waiting = (busy(''), busy(''));
<$slow>;
print {$slow} $csr;
like(scalar <$slow>, qr/^HTTP\/1.1 503 /, 'and may find none');
close $slow;
stop($waiting[0], 'KILL');
is(inflight(), 2, 'a client that leaves does not stop its request');
answered();
is(ends($waiting[1]), '403', 'nor another one');
all_free('a client has left');

# A client that keeps its connection open holds no place after its answer.
answered();
my $lingering = connection();
print {$lingering} "${head}Connection: close\r\nContent-Length: " . length($csr) . "\r\n\r\n$csr";
like(scalar <$lingering>, qr/^HTTP\/1.1 403 /, 'an answer that is not read to its end');
is(inflight(), 0, 'holds no place');
close $lingering;
unlink path('go');

# --- a slow hash takes its place first ---

my @user = (-u => 'demo:secret');
@waiting = busy('hash/', @user);
is(enroll('hash/', -u => 'demo:wrong')->{status}, 503, 'a full location checks no password');
answered();
is(ends(@waiting), '403', 'the right one');
is(enroll('hash/', -u => 'demo:wrong')->{status}, 401, 'a wrong one');
is(enroll('hash/')->{status}, 401, 'none');
is(post('/.well-known/est/simpleenroll', 'nonsense')->{status}, 400, 'no CSR');
all_free('refusals');

# --- elsewhere ---

@waiting = (busy('away/'), busy('away/'));
is(inflight('@elsewhere'), 2, 'a request that error_page has sent on');
is(inflight('/.well-known/est/away/'), 0, 'holds one place, not two');
is(enroll('away/')->{status}, 503, 'and a full location is final');
answered();
is(ends(@waiting), '403 403', 'they are answered');
all_free('error_page');

# --- a worker that is killed ---

sub worker { return get('/status')->{headers}{'x-worker'} // '' }

@waiting = (busy(''), busy(''));
my $killed = worker();
kill 'KILL', $killed;
wait_end($_) for @waiting;
ok(wait_until(sub { worker() =~ /^\d+$/ && worker() ne $killed }), 'a worker was killed, there is another');
is(inflight(), 0, 'it has taken the places back');
@waiting = (busy(''), busy(''));
is(enroll('')->{status}, 503, 'and the limit holds');

# --- a reload ---

# Until it is told to end, an old worker takes connections as well.
sub retired { my ($pid) = @_; return wait_until(sub { read_file('error.log') =~ /$pid#$pid: gracefully shutting down/ }) }

my $old = worker();
reload_nginx($server, %option);
ok(retired($old), 'a reload');
my $second = worker();
is(inflight('/.well-known/est/'), 2, 'the old worker is not done');
is(enroll('')->{status}, 503, 'its requests count');
my $newer = busy('other/');
reload_nginx($server =~ s/est_max_inflight 2/est_max_inflight 3/r, http => $option{http} =~ s/total 3/total 4/r);
ok(retired($second), 'another one, with other limits');
push @waiting, $newer, busy('');
is(enroll('other/')->{status}, 503, 'three generations share them');

# An old worker that is killed has no successor: the next request that finds no place looks.
kill 'KILL', $old;
wait_end($_) for @waiting[0, 1];
ok(wait_until(sub { enroll('', -H => 'Content-Type: text/html')->{status} == 415 }), 'a killed old worker holds nothing');
is(inflight(), 2, 'what the others hold remains');
answered();
is(ends(@waiting[2, 3]), '403 403', 'and is answered');
all_free('reload');
