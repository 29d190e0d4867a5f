# The memory that workers share, across reloads: what is gone gives its room back, but not
# while somebody still works with it, and a reload that fails takes none.
use strict;
use warnings;
use Enroll::FakeSigner;
use Enroll::Test;
use IO::Socket::INET;
use Time::HiRes qw(sleep);

ca_init();
fake_signer('slow', sub {
    my ($socket, $request) = @_;
    sleep 0.01 until -e path('go');
    syswrite $socket, error_frame($request->{id}, 6, 'profile: answered');
    return 1;
});

my $est = 'est_pass slow; est_profile device; est_read_timeout 5m;';
my $zone = 'est_zone 128k; upstream slow { server unix:%%DIR%%/slow.sock; }';

# Locations of these names, beside one that is always there.
sub server {
    my (@names) = @_;
    return join "\n", 'add_header X-Worker $pid always; location = /status { est_status; }',
        map { "location /.well-known/est/$_/ { $est }" } 'kept', @names;
}

sub names { my ($prefix, $count) = @_; return map { $prefix . $_ } 1 .. $count }

# How many there is room for.
my $room = 1;
$room++ while nginx_test(server(names('x', $room + 1)), http => $zone)->{status} == 0;
my $result = nginx_test(server(names('x', $room + 1)), http => $zone);
like($result->{err}, qr/\[emerg\].*"est_zone" of 131072 bytes has no room for \d+ locations: raise it/, 'a full zone');
cmp_ok($room, '>=', 4, 'the least zone holds a few');
is(nginx_test(server(names('x', $room + 1)), http => $zone =~ s/128k/256k/r)->{status}, 0, 'a larger one holds more');

start_nginx(server(names('a', 1)), http => $zone);

sub status { return JSON::PP::decode_json(get('/status')->{body}) }
sub worker { return get('/status')->{headers}{'x-worker'} // '' }
sub locations { return join ' ', sort map { $_->{location} =~ m{est/(\w+)/} } @{status()->{locations}} }

sub counted {
    my ($name) = @_;
    my ($location) = grep { $_->{location} =~ m{/$name/$} } @{status()->{locations}};
    return $location && $location->{operations}{simpleenroll}{unsupported};
}

sub kept { return counted('kept') }

sub reload {
    my (@names) = @_;
    my $old = worker();
    reload_nginx(server(@names), http => $zone);
    # Until it is told to end, the old one takes connections as well.
    my $done = wait_until(sub { read_file('error.log') =~ /$old#$old: gracefully shutting down/ });
    ok($done, 'reload: ' . scalar(@names) . ' of ' . ($names[0] // 'none'));
    return $old;
}

sub gone { my ($pid) = @_; ok(wait_until(sub { !kill 0, $pid }), 'the old worker is gone'); return }

get('/.well-known/est/kept/simpleenroll');
is(kept(), 1, 'a counter');

# Many times more locations than there is room for, though never at once.
my $half = int($room / 2);
for my $generation ('b' .. 'i') {
    gone(reload(names($generation, $half)));
    get("/.well-known/est/${generation}1/simpleenroll");
    is(counted("${generation}1"), 1, 'a new location starts at zero');
}
is(kept(), 1, 'the one that stays goes on counting');

# A worker that is still at work keeps what it works with, however often we reload.
start('client', qw(curl -sS -o /dev/null -w %{http_code} --cacert), path('ca/root.pem'),
    'https://localhost:' . port('https') . '/.well-known/est/i1/cacerts');
ok(wait_until(sub { status()->{total}{in_flight} == 1 }), 'a request is being worked on');
my $busy = reload(names('j', 1));
gone(reload(names('k', 1))) for 1 .. 2;
is(status()->{total}{in_flight}, 1, 'in a location that is gone');
ok(kill(0, $busy), 'its worker is there');
reload_nginx(server(names('l', $room - 1)), http => $zone);
ok(wait_until(sub { read_file('error.log') =~ /no room for $room locations/ }), 'its location is kept');
allow_log(qr/no room for/);
is(locations(), 'k1 kept', 'the reload has failed, the configuration is as it was');
get('/.well-known/est/kept/simpleenroll');
is(kept(), 2, 'and counts');
write_file('go', '');
is(wait_end('client'), 0, 'the request ends');
is(read_file('client.log'), 403, 'with its answer');
gone($busy);
is(status()->{total}{in_flight}, 0, 'and is counted no longer');
gone(reload(names('l', $room - 1)));
is(kept(), 2, 'now there is room');
# nginx may build it where the one that failed was.
get('/.well-known/est/kept/simpleenroll');
is(kept(), 3, 'the one that follows counts');
is(get('/.well-known/est/kept/none')->{body}, "no such EST resource\n", 'and explains its errors');
gone(reload());

# The zone is filled before an address turns out to be in use.
my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1:' . port('taken'), Listen => 1, ReuseAddr => 1) or die $!;
allow_log(qr/bind\(\) to 127.0.0.1:\d+ failed|still could not bind/);
for my $generation ('m' .. 'o') {
    my $failures = () = read_file('error.log') =~ /still could not bind/g;
    reload_nginx(server(names($generation, $half)), http => $zone . 'server { listen 127.0.0.1:%%PORT:taken%%; }');
    ok(wait_until(sub { (() = read_file('error.log') =~ /still could not bind/g) > $failures }), "a reload that fails: $generation");
}
is(locations(), 'kept', 'nothing has changed');
gone(reload(names('p', $room - 1)));
is(kept(), 3, 'failed reloads have taken no room');

# Another size is another zone.
$zone =~ s/128k/256k/;
gone(reload(names('p', $room + 1)));
is(kept(), 0, 'a zone of another size starts at zero');
