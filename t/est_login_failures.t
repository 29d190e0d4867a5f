# Wrong passwords of one address: after a few of them it waits, whatever it then sends, in every
# location and worker, and nobody else does.
use strict;
use warnings;
use Enroll::Test;

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
write_file('slow', 'demo:' . crypt('secret', '$6$rounds=100000$salt1234$') . "\n");
start_signerd();

my $est = 'est_pass signerd; est_profile device; est_auth basic mtls; '
    . 'est_client_certificate %%DIR%%/ca/chain.pem;';
my $realip = qx($ENV{ENROLL_NGINX} -V 2>&1) =~ /http_realip_module/;
my $behind_proxy = $realip ? 'set_real_ip_from 127.0.0.9; real_ip_header X-Client;' : '';
my $server = <<"END";
    est_login_failures 4 per=2h; $behind_proxy
    est_password_file %%DIR%%/passwords;
    add_header X-Worker \$pid always;
    location /.well-known/est/ { $est }
    location /.well-known/est/other/ { $est }
    location /.well-known/est/longer/ { $est est_login_failures 6 per=5h; }
    location /.well-known/est/off/ { $est est_login_failures off; }
    location /.well-known/est/slow/ { $est est_password_file %%DIR%%/slow; }
    location = /status { est_status; }
END
my %option = (workers => 2, listen => 'ssl reuseport');
start_nginx($server, %option);

new_csr('device', '/CN=device-1');
my $csr = read_file('device.csr');

# From an address of this machine, or of a client behind a proxy of ours.
sub enroll {
    my ($from, $password, %at) = @_;
    my @options = defined $password ? (-u => "demo:$password") : ();
    my @source = ('--interface', $from);
    @source = ('--interface', '127.0.0.9', -H => "X-Client: $from") if $from !~ /^127\./;
    return post('/.well-known/est/' . ($at{label} // '') . 'simpleenroll', $csr, @source, @options,
        @{$at{options} || []});
}

sub status { return enroll(@_)->{status} }
sub failed_logins { return JSON::PP::decode_json(get('/status')->{body})->{failed_logins} }

is(status('127.0.0.1', 'wrong'), 401, 'a wrong password') for 1 .. 3;
is(status('127.0.0.1', 'secret'), 200, 'a right one after three wrong ones');
is(status('127.0.0.1', 'wrong'), 401, 'it has reset nothing: the fourth');
for my $password ('wrong', 'secret') {
    my $reply = enroll('127.0.0.1', $password);
    is($reply->{status}, 429, "$password: the address has to wait");
    cmp_ok($reply->{headers}{'retry-after'}, '>', 7000, "$password: for the rest of its window");
    cmp_ok($reply->{headers}{'retry-after'}, '<=', 7200, "$password: and no longer");
    is($reply->{body}, "too many wrong passwords, try again later\n", "$password: the same line");
}
is(status('127.0.0.1', 'secret', label => 'other/'), 429, 'in another location too');
is(status('127.0.0.1', 'secret', label => 'slow/'), 429, 'where the hash is slow too');
is(status('127.0.0.1', 'secret', label => 'off/'), 200, 'not where it is off');
is(status('127.0.0.1', undef), 401, 'without credentials: a challenge as ever');
is(status('127.0.0.2', 'secret'), 200, 'another address');

my $issued = enroll('127.0.0.2', 'secret');
write_file('device.pem', certificates($issued->{body}));
my @certificate = ('--cert', path('device.pem'), '--key', path('device.key'));
is(status('127.0.0.1', 'wrong', options => \@certificate), 200, 'a certificate is no password');

# What is no wrong password does not count.
for (1 .. 6) {
    is(status('127.0.0.3', undef), 401, 'no credentials');
    is(status('127.0.0.3', undef, options => [-H => 'Authorization: Basic !!!']), 401, 'no pair');
    is(status('127.0.0.3', undef, options => [-H => 'Authorization: Bearer x']), 401, 'not Basic');
}
is(status('127.0.0.3', 'secret'), 200, 'none of them has counted');
is(status('127.0.0.3', undef, options => ['-u', "nobody$_:secret"]), 401, 'unknown user') for 1 .. 4;
is(status('127.0.0.3', 'secret'), 429, 'but unknown users count');

is(status('127.0.0.4', 'wrong', label => 'longer/'), 401, 'a longer window') for 1 .. 4;
my $reply = enroll('127.0.0.4', 'secret');
is($reply->{status}, 429, 'counts where fewer are allowed');
cmp_ok($reply->{headers}{'retry-after'}, '>', 17000, 'with the longest window in which it failed');
is(status('127.0.0.4', 'secret', label => 'longer/'), 200, 'and not yet where more are');

# Each worker by itself would allow four.
my ($host, $workers) = (10, 0);
until ($workers == 2) {
    my (%seen, @statuses);
    for (1 .. 6) {
        my $tried = enroll("127.0.0.$host", 'wrong');
        push @statuses, $tried->{status};
        $seen{$tried->{headers}{'x-worker'}} = 1 if $tried->{status} == 401;
    }
    is("@statuses", '401 401 401 401 429 429', "127.0.0.$host");
    $workers = keys %seen;
    $host++;
}
is($workers, 2, 'two workers share one count');

# Passwords that are being checked count as wrong, so that many at once gain nothing.
write_file('body', $csr);
for my $n (1 .. 10) {
    start("curl$n", qw(curl -sS -o /dev/null -w %{http_code} --interface 127.0.0.5 --cacert), path('ca/root.pem'),
        qw(-u demo:wrong -H), 'Content-Type: application/pkcs10', '--data-binary', '@' . path('body'),
        'https://localhost:' . port('https') . '/.well-known/est/slow/simpleenroll');
}
wait_end("curl$_") for 1 .. 10;
my %count;
$count{read_file("curl$_.log")}++ for 1 .. 10;
is($count{401}, 4, 'ten slow checks at once: four were made');
is($count{429}, 6, 'and six refused');
is(status('127.0.0.5', 'secret', label => 'slow/'), 429, 'which lasts');
is(status('127.0.0.6', 'secret', label => 'slow/'), 200, 'a right password of a slow hash');
is(status('127.0.0.6', 'wrong', label => 'slow/'), 401, 'has left nothing behind') for 1 .. 4;
is(status('127.0.0.6', 'secret', label => 'slow/'), 429, 'and that it is remembered does not help') for 1 .. 4;

SKIP: {
    skip 'no realip module', 12 if !$realip;
    is(status('2001:db8:0:1::1', 'wrong'), 401, 'IPv6') for 1 .. 2;
    is(status('2001:db8:0:1:ffff::2', 'wrong'), 401, 'another address of its /64') for 1 .. 2;
    is(status('2001:db8:0:1::3', 'secret'), 429, 'the /64 has to wait');
    is(status('2001:db8:0:2::1', 'secret'), 200, 'not the next one');
    is(status('::ffff:192.0.2.1', 'wrong'), 401, 'IPv4 in IPv6') for 1 .. 2;
    is(status('192.0.2.1', 'wrong'), 401, 'is IPv4') for 1 .. 2;
    is(status('::ffff:192.0.2.1', 'secret'), 429, 'and has to wait as such');
    is(status('::ffff:192.0.2.2', 'secret'), 200, 'not with the other ones');
}

my $before = failed_logins();
cmp_ok($before->{locked_out}, '>=', 5, 'status: how many wait');
cmp_ok($before->{addresses}, '>=', $before->{locked_out}, 'status: how many have failed');
is($before->{evictions}, 0, 'status: none was forgotten');

# Connections that wait at the socket of an old worker are lost when it ends.
my @old = map { /^(\d+) / } grep { (split)[3] == pid_of('nginx') } map { slurp($_) } glob '/proc/[0-9]*/stat';
reload_nginx($server, %option);
ok(wait_until(sub { !grep { -e "/proc/$_" } @old }), 'a reload');
is(status('127.0.0.1', 'secret'), 429, 'the address has to wait all the same');
is_deeply(failed_logins(), $before, 'and the counts are the same');
