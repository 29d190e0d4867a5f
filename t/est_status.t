# The counters: each request once, in the location that it was meant for, whoever decided it;
# as JSON and for Prometheus, and the same after a reload.
use strict;
use warnings;
use Enroll::Test;
use IO::Socket::SSL;

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
start_signerd();
my $open = 'est_pass signerd; est_profile device; est_auth none;';
my $server = <<"END";
    location /.well-known/est/ { $open }
    location /.well-known/est/basic/ {
        est_pass signerd; est_profile device; est_auth basic; est_password_file %%DIR%%/passwords;
        est_login_failures 1; est_max_inflight 5;
    }
    location /.well-known/est/limited/ { $open limit_req zone=one; limit_req_status 429; }
    location /.well-known/est/shed/ { $open limit_req zone=two; }
    location /.well-known/est/small/ { $open client_max_body_size 100; }
    location /.well-known/est/denied/ { $open deny all; }
    location /.well-known/est/stock/ {
        $open auth_basic "stock"; auth_basic_user_file %%DIR%%/passwords;
    }
    location /.well-known/est/away/ { est_pass unix:%%DIR%%/absent.sock; est_profile device; }
    location /.well-known/est/second/ {
        est_pass unix:%%DIR%%/absent.sock; est_profile device; est_auth none; error_page 502 = \@second;
    }
    location \@second { $open est_label second; }
    location /.well-known/est/page/ { $open deny all; error_page 403 =200 /page; }
    location /.well-known/est/named/ { $open limit_req zone=two; error_page 503 = \@named; }
    location /.well-known/est/toolarge/ { $open client_max_body_size 100; error_page 413 \@named; }
    location \@named { return 200 "named"; }
    location = /page { return 200 "page"; }
    location /.well-known/est/moved/ { $open if (\$http_x_moved) { return 302 /; } }
    location /.well-known/est/slow/ { $open client_body_timeout 100ms; }
    location = /.well-known/est/exact/cacerts { $open }
    location ~ "^/.well-known/est/(reg\\"ex)/" { $open }
    location = /status { est_status; }
    location = /json { est_status json; }
    location = /metrics { est_status prometheus; }
    location / { mirror /.well-known/est/cacerts; return 404; }
END
my %option = (http => <<"END");
    limit_req_zone \$binary_remote_addr zone=one:1m rate=1r/m;
    limit_req_zone \$server_name zone=two:1m rate=1r/m;
    server {
        listen 127.0.0.1:%%PORT:strict%% ssl; server_name localhost;
        ssl_certificate %%DIR%%/server.pem; ssl_certificate_key %%DIR%%/server.key;
        ssl_verify_client on; ssl_client_certificate %%DIR%%/ca/chain.pem;
        location /.well-known/est/strict/ { $open }
        location /.well-known/est/str { $open }
        location /.well-known/est/denied/ { $open }
    }
END
start_nginx($server, %option);
allow_log(qr/connect\(\) to unix:.*absent\.sock failed/);

my $base = '/.well-known/est';
new_csr('device', '/CN=device-1');
my $csr = read_file('device.csr');
sub enroll { my ($label, @options) = @_; return post("$base/${label}simpleenroll", $csr, @options) }
sub status { my ($url) = @_; return JSON::PP::decode_json(get($url // '/status')->{body}) }

# What a location has counted, without the zeros: "simpleenroll issued 1, ...".
sub counted {
    my ($name, $status) = @_;
    my ($location) = grep { $_->{location} eq "localhost$name" } @{($status // status())->{locations}};
    return 'no such location' if !$location;
    my $operations = $location->{operations};
    return join ', ', map { my $o = $_; map { "$o $_ $operations->{$o}{$_}" } grep { $operations->{$o}{$_} } sort keys %{$operations->{$o}} } sort keys %$operations;
}

sub counts { my ($name, $expected, $why) = @_; return is(counted($name), $expected, $why // $name) }

# --- decided by the module and by signerd ---

counts("$base/", '', 'nothing has happened');
enroll('') for 1 .. 3;
get("$base/cacerts");
get("$base/csrattrs");
post("$base/simpleenroll", 'nonsense');
post("$base/simpleenroll", 'x' x 200_000);
get("$base/simpleenroll");
enroll('', -H => 'Content-Type: text/html');
post("$base/simplereenroll", $csr);
get("$base/fullcmc");
get("$base/unknown/cacerts");
new_key('weak', qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-521));
new_csr('weak', '/CN=weak');
post("$base/simpleenroll", read_file('weak.csr'));
my $forged = must(qw(openssl req -outform DER -in), path('device.csr'));
substr($forged, -1) ^= "\1";
post("$base/simpleenroll", $forged);
enroll('', -H => 'Idempotency-Key: one');
new_csr('device', '/CN=device-2');
post("$base/simpleenroll", read_file('device.csr'), -H => 'Idempotency-Key: one');
counts("$base/", 'cacerts ok 1, csrattrs ok 1, simpleenroll bad_signature 1, simpleenroll conflict 1, '
    . 'simpleenroll issued 2, simpleenroll malformed 2, simpleenroll replayed 2, simpleenroll unsupported 2, '
    . 'simpleenroll weak_key 1, simplereenroll denied 1, unrouted not_found 2', 'the module and signerd');

enroll('basic/', -u => 'demo:secret');
enroll('basic/');
enroll('basic/', -u => 'demo:wrong') for 1 .. 2;
counts("$base/basic/", 'simpleenroll issued 1, simpleenroll limited 1, simpleenroll unauthenticated 2');
is(status()->{failed_logins}{locked_out}, 1, 'one address is locked out');
get("$base/away/cacerts");
counts("$base/away/", 'cacerts unavailable 1');

# --- decided by others ---

enroll('limited/') for 1 .. 2;
counts("$base/limited/", 'simpleenroll limited 1, simpleenroll replayed 1', 'limit_req 429');
enroll('shed/') for 1 .. 2;
counts("$base/shed/", 'simpleenroll replayed 1, simpleenroll unavailable 1', 'limit_req 503');
enroll('small/');
counts("$base/small/", 'simpleenroll malformed 1', 'client_max_body_size');
enroll('denied/');
counts("$base/denied/#2", 'simpleenroll denied 1', 'deny, in the second server with this name and location');
counts("$base/denied/", '', 'and not in the first');
enroll('stock/');
counts("$base/stock/", 'simpleenroll unauthenticated 1', 'auth_basic');
get("$base/moved/cacerts", -H => 'X-Moved: 1');
counts("$base/moved/", 'cacerts other 1', 'a redirect');
my $socket = IO::Socket::SSL->new(PeerAddr => '127.0.0.1:' . port('https'), SSL_hostname => 'localhost',
    SSL_ca_file => path('ca/root.pem')) or die $!;
print {$socket} "POST $base/slow/simpleenroll HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/pkcs10\r\n"
    . "Content-Length: 100\r\n\r\n";
1 while <$socket>;
counts("$base/slow/", 'simpleenroll aborted 1', 'client_body_timeout');

# --- error_page ---

is(get("$base/second/cacerts")->{status}, 200, 'to another location of ours');
counts("$base/second/", '', 'counts there,');
counts('@second', 'cacerts ok 1', 'once');
is(enroll('page/')->{body}, 'page', 'to a page, with another status');
counts("$base/page/", 'simpleenroll other 1', 'counts here: nobody can tell what it was');
is(enroll('named/')->{body}, 'named', 'limit_req, and a named location');
counts("$base/named/", 'simpleenroll other 1');
is(enroll('toolarge/')->{status}, 413, 'before the location was entered');
counts("$base/toolarge/", 'simpleenroll malformed 1', 'counts all the same');

# --- before a location is chosen ---

must(qw(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=stranger -keyout),
    path('stranger.key'), '-out', path('stranger.pem'));
my $strict = 'https://localhost:' . port('strict') . $base;
my @stranger = ('--cert', path('stranger.pem'), '--key', path('stranger.key'));
is(post("$strict/strict/simpleenroll", $csr, @stranger)->{status}, 400, 'a bad client certificate');
is(get("$strict/street/cacerts")->{status}, 400, 'none where one is required');
is(get("$strict/elsewhere")->{status}, 400, 'for no location of ours');
counts("$base/strict/", 'simpleenroll unauthenticated 1', 'they count where they were meant for');
counts("$base/str", 'cacerts unauthenticated 1', 'by the longest prefix');

# --- other forms of locations ---

get("$base/exact/cacerts");
counts("$base/exact/cacerts", 'cacerts ok 1', 'location =');
get("$base/reg%22ex/cacerts");
my ($regex) = grep { $_->{location} =~ /reg/ } @{status()->{locations}};
is($regex->{location}, qq{localhost^$base/(reg"ex)/}, 'the name of a regex location');
get('/elsewhere');
my $cacerts = counted("$base/") =~ /cacerts ok (\d+)/ ? $1 : '';
is($cacerts, 1, 'a mirrored subrequest is not counted');

# --- the page ---

my $reply = get('/status');
is($reply->{headers}{'content-type'}, 'application/json', 'JSON by default');
is($reply->{headers}{'cache-control'}, 'no-store', 'not to be stored');
is_deeply(status('/json'), status(), 'and by name');
is(http('/status', '-I')->{status}, 200, 'HEAD');
is(post('/status', 'x')->{status}, 405, 'POST');

my $now = status();
is($now->{version}, 1, 'version');
is($now->{protocol}, 'est', 'protocol');
is($now->{total}{operations}{simpleenroll}{issued}, 3, 'the total');
my ($first) = grep { $_->{location} eq "localhost$base/" } @{$now->{locations}};
is($first->{max_inflight}, 256, 'the default limit');
my $durations = $first->{durations}{simpleenroll};
# issued and replayed and what was refused after its body was read
is($durations->{count}, 8, 'durations of what was worked on');
is($durations->{buckets}{'+Inf'}, 8, 'all of them below infinity');
is($first->{durations}{csrattrs}{count}, 1, 'csrattrs is worked on too');

# --- Prometheus ---

$reply = get('/metrics');
is($reply->{headers}{'content-type'}, 'text/plain; version=0.0.4; charset=utf-8', 'the type that Prometheus reads');
my (%type, %help, %sample);
my $label = qr/[a-z_]+="(?:[^"\\\n]|\\["\\n])*"/;
for (split /(?<=\n)/, $reply->{body}) {
    if (/^# HELP (\w+) .+\n\z/) { $help{$1}++; next }
    if (/^# TYPE (\w+) (counter|gauge|histogram)\n\z/) { $type{$1} = $2; next }
    my ($name, $labels, $value) = /^(\w+)\{($label(?:,$label)*)\} (\d+(?:\.\d+)?)\n\z/;
    fail("a line of the format: $_"), next if !defined $value;
    my $family = $name =~ s/_(?:bucket|sum|count)$//r;
    fail("$name comes after its TYPE") if !$type{$name} && ($type{$family} // '') ne 'histogram';
    fail("a sample twice: $_") if exists $sample{"$name\{$labels}"};
    $sample{"$name\{$labels}"} = $value;
}
is(join(' ', map { "$_:$help{$_}" } sort keys %help), join(' ', map { "$_:1" } sort keys %type), 'one HELP and TYPE each');
my $labels = qq(protocol="est",location="localhost$base/",operation="simpleenroll");
is($sample{qq(enroll_requests_total{$labels,outcome="issued"})}, 2, 'a counter');
is($sample{qq(enroll_request_duration_seconds_count{$labels})}, 8, 'a histogram');
my @buckets = map { $sample{qq(enroll_request_duration_seconds_bucket{$labels,le="$_"})} }
    qw(0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 30 +Inf);
is("@buckets", join(' ', sort { $a <=> $b } @buckets), 'whose buckets are cumulative');
is($buckets[-1], 8, 'to the count');
is($sample{'enroll_login_locked_out{protocol="est"}'}, 1, 'a gauge');
ok(exists $sample{qq(enroll_inflight{protocol="est",location="localhost^$base/(reg\\"ex)/"})}, 'a label with a quote');

# --- a reload ---

my $before = status();
my ($worker) = map { /^(\d+) / } grep { ((split)[3] // 0) == pid_of('nginx') } map { slurp($_) } glob '/proc/[0-9]*/stat';
reload_nginx($server =~ s{location /.well-known/est/moved/ .*}{}r, %option);
ok(wait_until(sub { !-e "/proc/$worker" }), 'a reload');
my $after = status();
is(scalar @{$after->{locations}}, @{$before->{locations}} - 1, 'one location is gone');
is(counted($_, $after), counted($_, $before), "$_ is the same") for "$base/", "$base/basic/", "$base/denied/#2", '@second';
is($after->{failed_logins}{locked_out}, 1, 'failed logins too');
reload_nginx($server, %option);
ok(wait_until(sub { counted("$base/moved/") eq 'cacerts other 1' }), 'back before anybody needed the room');
