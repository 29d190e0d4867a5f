# "limits" of a profile: the one certificate too many is 429 with a time, whichever nginx asks and
# after a restart of signerd; what is sent again is not counted; the audit record names the limit.
use strict;
use warnings;
use Enroll::Test;

ca_init();
write_file('passwords', join '', map { "$_:{PLAIN}secret\n" } qw(alice bob carol));
my $config = signerd_config();
my %device = %{$config->{profiles}{device}};
$config->{profiles}{device} = {%device, limits => {per_name => {count => 3, within => '24h'}}};
$config->{profiles}{user} = {%device, limits => {per_credential => {count => 2, within => '1h'}}};
$config->{profiles}{free} = {%device};
start_signerd($config);

my $common = 'est_pass signerd; est_auth basic; est_password_file %%DIR%%/passwords; est_profile';
my $second = 'listen 127.0.0.1:%%PORT:second%% ssl;';
start_nginx(<<"END", workers => 2);
    $second
    location /.well-known/est/ { $common device; est_label free free; }
    location /.well-known/est/user/ { $common user; }
END

my $csrs = 0;
sub csr { my ($name) = @_; my $file = 'csr' . ++$csrs; new_csr($file, "/CN=$name"); return read_file("$file.csr") }
sub enroll {
    my ($label, $user, $csr, @options) = @_;
    return post("/.well-known/est/${label}simpleenroll", $csr, -u => "$user:secret", @options);
}
sub status { return enroll(@_)->{status} }

# --- for a name and an address ---
my $first = csr('device-1');
my $issued = enroll('', 'alice', $first);
is($issued->{status}, 200, 'the first');
is(enroll('', 'alice', $first)->{body}, $issued->{body}, 'sent again: the same certificate') for 1 .. 4;
is(status('', 'alice', csr('device-1')), 200, 'the second');
is(status('', 'bob', csr('DEVICE-1')), 200, 'the third, for somebody else, in other letters');
for my $user (qw(alice bob)) {
    my $reply = enroll('', $user, csr('device-1'));
    is($reply->{status}, 429, "$user: the fourth is refused");
    is($reply->{body}, "too many certificates: per_name: 3 within 86400 s\n", "$user: with the limit");
    cmp_ok($reply->{headers}{'retry-after'}, '>', 86000, "$user: until the first leaves the window");
    cmp_ok($reply->{headers}{'retry-after'}, '<=', 86400, "$user: and no longer");
}
is(enroll('', 'alice', $first)->{body}, $issued->{body}, 'what was issued is there for a retry');
is(status('', 'alice', csr('device-2')), 200, 'another name');
is(status('', 'alice', csr('device-1'), '--interface', '127.0.0.5'), 200, 'another address');
is(status('free/', 'alice', csr('device-1')), 200, 'a profile without limits') for 1 .. 4;
my ($row) = grep { ($_->{reason} // '') eq 'limited' } audit_rows();
is("@{$row}{qw(decision profile credential_name detail)}",
    'deny device alice too many certificates: per_name: 3 within 86400 s', 'the record names the limit');

# --- for a client ---
is(status('user/', 'alice', csr("name-$_")), 200, "certificate $_ of alice") for 1 .. 2;
my $reply = enroll('user/', 'alice', csr('name-3'), '--interface', '127.0.0.6');
is($reply->{status}, 429, 'the third is refused, wherever she is');
is($reply->{body}, "too many certificates: per_credential: 2 within 3600 s\n", 'with the limit');
is(status('user/', 'bob', csr('name-3')), 200, 'not that of bob');

# --- by parallel requests no more are issued ---
my @files = map { csr('device-9'); path("csr$csrs.csr") } 1 .. 12;
my $url = 'https://localhost:' . port('https') . '/.well-known/est/simpleenroll';
my $codes = run('sh', '-c', "printf '%s\\n' @files | xargs -P 12 -IFILE curl -s -o /dev/null -w '%{http_code}\\n' --cacert "
    . path('ca/root.pem') . " -u alice:secret -H Content-Type:application/pkcs10 --data-binary \@FILE $url")->{out};
is((grep { $_ eq '200' } split /\n/, $codes), 3, 'of twelve at once three are issued');
is((grep { $_ eq '429' } split /\n/, $codes), 9, 'and the others refused');

# --- another nginx, and a signerd that was started anew ---
my $conf = read_file('nginx.conf');
my ($port, $other) = map { port($_) } qw(https third);
$conf =~ s/127\.0\.0\.1:$port/127.0.0.1:$other/;
$conf =~ s/listen 127\.0\.0\.1:@{[port('second')]} ssl;//;
$conf =~ s/nginx\.pid/third.pid/;
$conf =~ s/error_log \S+/error_log @{[path('third.log')]}/;
my $file = write_file('third.conf', $conf);
start('third', $ENV{ENROLL_NGINX}, '-p', path() . '/', '-e', path('third.log'), '-c', $file);
wait_ready('third', sub { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$other") });
sub at_other { my ($name) = @_; return post("https://localhost:$other/.well-known/est/simpleenroll", csr($name), -u => 'alice:secret')->{status} }
is(at_other('device-1'), 429, 'another nginx has the same counts');
is(at_other('device-7'), 200, 'and adds to them') for 1 .. 2;
is(status('', 'alice', csr('device-7')), 200, 'for all');
is(status('', 'alice', csr('device-7')), 429, 'together');

stop('signerd');
start_signerd($config);
is(status('', 'alice', csr('device-1')), 429, 'a restart forgets nothing');
is(status('', 'alice', csr('device-8')), 200, 'and goes on');

# --- a reload brings other limits ---
$config->{profiles}{device}{limits} = {per_name => {count => 4, within => '24h'}};
reload_signerd($config);
ok(wait_until(sub { status('', 'alice', csr('device-1')) == 200 }), 'one more');
is(status('', 'alice', csr('device-1')), 429, 'and no more than that');
