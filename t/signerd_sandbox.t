# Both processes of signerd have given up what they do not need, and go on working: through a
# reload, with a new key child, as with the first one.
use strict;
use warnings;
use Enroll::Test;

my $sanitized = `nm -D $ENV{ENROLL_BIN}/signerd 2>/dev/null` =~ /__asan_init/;

# {Seccomp, NoNewPrivs, VmLck, ...} of /proc/PID/status, its lines of limits, and who owns its
# files in /proc: root, whoever runs it, once it cannot be dumped.
sub process {
    my ($pid) = @_;
    my %status = slurp("/proc/$pid/status") =~ /^(\w+):\s*(\d+)/mg;
    my ($core) = slurp("/proc/$pid/limits") =~ /^Max core file size\s+(\S+\s+\S+)/m;
    return {%status, core => $core =~ s/\s+/ /r, owner => (stat "/proc/$pid/mem")[4]};
}

sub key_child { return JSON::PP::decode_json(signerctl(qw(--json status))->{out})->{key_child} }

# A container may have put a filter on all of us.
my $outside = process($$)->{Seccomp};

sub confined {
    my ($name, $pid, $sandbox) = @_;
    my $process = process($pid);
    is($process->{Seccomp}, $sandbox && !$sanitized ? 2 : $outside, "$name: mode of seccomp");
    is($process->{NoNewPrivs}, 1, "$name: gains no rights");
    is($process->{core}, '0 0', "$name: leaves no core file");
    is($process->{owner}, 0, "$name: cannot be dumped");
    return $process;
}

sub may_lock {
    my ($capabilities) = slurp('/proc/self/status') =~ /^CapEff:\s*\w*(\w{8})$/m;
    return hex($capabilities) & 1 << 14 || `bash -c 'ulimit -l'` =~ /unlimited/;
}

sub locked {
    my ($process, $name) = @_;
    SKIP: {
        skip 'the sanitizer locks nothing', 1 if $sanitized;
        skip 'needs CAP_IPC_LOCK, or ulimit -l unlimited', 1 if !may_lock();
        cmp_ok($process->{VmLck} || 0, '>', 1000, "$name: its memory is locked");
    }
    return;
}

my $requests = 0;
sub enrolled {
    my ($name) = @_;
    my $status = post('/.well-known/est/simpleenroll', csr_body('device', '/CN=device-' . ++$requests))->{status};
    return is($status, 200, "$name: a certificate");
}

start_signerd();
start_nginx('location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }');
enrolled('at the start');
confined('front', pid_of('signerd'), 1);
my $first = key_child()->{pid};
locked(confined('key child', $first, 1), 'key child');

# Every way of working that differs from the first minute's. Accounts by name are looked up in
# the system's database, which a daemon may answer for.
my $named = signerd_config();
push @{$named->{listen}[1]{peers}}, {name => 'named', user => 'nobody', group => 'nogroup', role => 'reader'};
for my $round (1 .. 3) {
    my $before = () = read_file('signerd.log') =~ /: reloaded: /g;
    reload_signerd($named);
    ok(wait_until(sub { (() = read_file('signerd.log') =~ /: reloaded: /g) > $before }), "reload $round");
    enrolled("reload $round");
}
for my $account (qw(user group)) {
    my $absent = signerd_config();
    $absent->{listen}[1]{peers}[0]{$account} = "absent-$account";
    reload_signerd($absent);
    ok(wait_until(sub { read_file('signerd.log') =~ /no $account "absent-$account" on this system/ }),
        "$account: looked for everywhere");
}
reload_signerd();
kill 'KILL', $first;
ok(wait_until(sub { my $now = key_child(); $now->{state} eq 'ready' && $now->{pid} != $first }), 'another key child');
enrolled('another key child');
my $second = key_child()->{pid};
locked(confined('another key child', $second, 1), 'another key child');

# A stopped process goes on: the kernel restarts what it was in.
kill 'STOP', $second, pid_of('signerd');
kill 'CONT', $second, pid_of('signerd');
enrolled('stopped and continued');

# The kernel says SIGSYS where a filter does; signerd says what that means.
kill 'SYS', $second;
ok(wait_until(sub { read_file('signerd.log') =~ /signal 31, a system call that the sandbox forbids/ }),
    'the log names what a filter has killed');
enrolled('after that');
is(signerctl(qw(audit verify))->{status}, 0, 'the audit chain verifies');
unlike(read_file('signerd.log'), qr/for debugging only/, 'nothing to warn of');

reload_signerd(sandbox => JSON::PP::false());
ok(wait_until(sub { read_file('signerd.log') =~ /sandbox: a change needs a restart/ }), 'a reload does not take it away');
enrolled('after that reload');
my $third = key_child()->{pid};
my $filters = process($third)->{Seccomp_filters};
kill 'KILL', $third;
ok(wait_until(sub { my $now = key_child(); $now->{state} eq 'ready' && $now->{pid} != $third }), 'one more');
is(process(key_child()->{pid})->{Seccomp_filters}, $filters, 'nor does a key child that reads the file');
allow_log(qr/connect\(\) to unix:.*signerd\.sock failed/);
ok(stop('signerd'), 'SIGTERM ends it');

start_signerd(sandbox => JSON::PP::false());
like(read_file('signerd.log'), qr/warning: sandbox: false: .* for debugging only/, 'without: a warning');
enrolled('without');
my $without = key_child()->{pid};
confined('without, front', pid_of('signerd'), 0);
locked(confined('without, key child', $without, 0), 'without, key child');
