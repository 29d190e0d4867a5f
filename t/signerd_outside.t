# The process that calls services outside: there when somebody has to be asked and only then,
# confined, replaced when it dies; and what signerd -t says of its configuration.
use strict;
use warnings;
use Enroll::FakeHttps;
use Enroll::FakeWebhook;
use Enroll::Scep;
use Enroll::Test;

my $signerd = "$ENV{ENROLL_BIN}/signerd";
my $sanitized = `nm -D $signerd 2>/dev/null` =~ /__asan_init/;
my $secret = 'a secret of the webhook';
my $unavailable = 10;

sub config {
    my (%change) = @_;
    my $webhook = delete $change{webhook} || {};
    my $config = signerd_config(
        outside => {hosts => [https_host('hook')], ca_file => path('ca/root.pem'), timeout => '20s', %{$change{outside} || {}}},
        challenges => {hook => {
            type => 'webhook', url => 'https://' . https_host('hook') . '/', secret => path('hook.secret'), %$webhook}});
    $config->{profiles}{device}{scep} = {challenges => ['hook']};
    return $config;
}

sub process { my ($pid) = @_; return {slurp("/proc/$pid/status") =~ /^(\w+):[ \t]*(.*?)[ \t]*$/mg} }

# Those that said that they are ready, in their order.
sub children { return read_file('signerd.log') =~ /outside child (\d+) ready/g }
sub last_child { return (children())[-1] }
sub wait_child { my ($count) = @_; return wait_until(sub { (() = children()) >= $count }) }
sub below { my ($pid) = @_; return grep { (process($_)->{PPid} // 0) == $pid } map { m{(\d+)} } glob '/proc/[0-9]*' }

ca_init();
write_file('hook.secret', "$secret\n", 0600);
fake_webhook('hook', $secret);

# --- signerd -t ---

sub refused {
    my ($what, $config, $message) = @_;
    my $file = write_file('tested.json', JSON::PP::encode_json($config));
    my $result = run($signerd, '-t', '-c', $file);
    is($result->{status}, $message ? 1 : 0, "$what: " . ($message ? 'refused' : 'taken'));
    like($result->{err}, $message || qr/is ok$/m, "$what: by name");
    return;
}

my $host = https_host('hook');
refused('a good one', config());
refused('a host that is not listed', config(webhook => {url => 'https://other.example/'}),
    qr/challenges\.hook\.url: the host is not in outside\.hosts: other\.example/);
refused('another port', config(webhook => {url => 'https://localhost/'}), qr/challenges\.hook\.url: .* localhost$/m);
refused('http', config(webhook => {url => "http://$host/"}), qr/challenges\.hook\.url: not an https URL/);
refused('a user in the URL', config(webhook => {url => "https://$host\@other.example/"}), qr/challenges\.hook\.url/);
refused('no secret', config(webhook => {secret => path('absent')}), qr/challenges\.hook\.secret: .*absent: cannot be read/);
write_file('open.secret', "$secret\n", 0644);
refused('a secret for all', config(webhook => {secret => path('open.secret')}), qr/challenges\.hook\.secret: .*chmod 0600/);
refused('no file of CAs', config(outside => {ca_file => path('absent')}), qr/outside\.ca_file: .*cannot be read/);
write_file('open.pem', read_file('ca/root.pem'), 0666);
refused('a file of CAs that all may write', config(outside => {ca_file => path('open.pem')}), qr/outside\.ca_file: writable by group or others/);
refused('no hosts', config(outside => {hosts => []}), qr/outside\.hosts/);
refused('a pattern', config(outside => {hosts => ['*.example']}), qr/outside\.hosts\[0\]: not the name of a host/);
refused('one user of two', config(outside => {user => 'nobody'}), qr/outside\.user: both/);
my $without = config();
delete $without->{outside};
refused('no "outside"', $without, qr/challenges\.hook: type webhook only with "outside"/);
my $intune = config();
$intune->{challenges}{hook} = {
    type => 'intune', tenant_id => 't', client_id => 'c', client_secret => path('hook.secret')};
refused('Intune, its hosts not listed', $intune, qr/challenges\.hook\.authority: .*login\.microsoftonline\.com/);
push @{$intune->{outside}{hosts}}, 'login.microsoftonline.com';
refused('nor that of Microsoft Graph', $intune, qr/challenges\.hook\.discovery: .*graph\.microsoft\.com/);
push @{$intune->{outside}{hosts}}, 'graph.microsoft.com';
refused('both listed', $intune);
my $same = config(outside => {user => 'nobody'});
$same->{user} = 'nobody';
refused('the same user', $same, qr/outside\.user: the one that signerd has itself/);

# --- without anybody to ask ---

start_signerd();
is(scalar(below(pid_of('signerd'))), 1, 'no "outside": the key child alone');
ok(stop('signerd'), 'SIGTERM ends it');
my $unused = signerd_config(outside => config()->{outside});
start_signerd($unused);
my @below = below(pid_of('signerd'));
is(scalar(@below), 2, 'nobody to ask: the keeper as well');
is(scalar(map { below($_) } @below), 0, 'and no child of it');

# --- the child ---

reload_signerd(config());
ok(wait_child(1), 'a reload with somebody to ask: a child');
my $first = last_child();
my $keeper = process($first)->{PPid};
ok((grep { $_ == $keeper } @below), 'of the keeper');
ok(scep_enrol(scep_csr('device', 'yes'))->{certificate}, 'it asks');
is(JSON::PP::decode_json(signerctl(qw(--json status))->{out})->{outside}, 'ready', 'the status says so');
for (['child', $first], ['keeper', $keeper]) {
    my ($what, $pid) = @$_;
    my $process = process($pid);
    is($process->{NoNewPrivs}, 1, "$what: gains no rights");
    is((stat "/proc/$pid/mem")[4], 0, "$what: cannot be dumped");
    SKIP: {
        skip 'no filter with a sanitizer', 1 if $sanitized;
        is($process->{Seccomp}, 2, "$what: has a filter");
    }
}
my @sockets = grep { defined && /^socket/ } map { readlink } glob "/proc/$first/fd/*";
cmp_ok(scalar(@sockets), '<=', 4, 'its socket, those of libcurl and a connection');
ok(!(grep { defined && m{\.db|/ca/issuing\.key} } map { readlink } glob "/proc/$first/fd/*"), 'no store, no key');
unlike(slurp("/proc/$first/environ"), qr/$secret/, 'no secret in its environment');

# What it was asked when it dies is refused; the next one is asked the next time.
my $waiting = scep_send(scep_csr('waits', 'silent'));
ok(wait_until(sub { grep { /silent/ } map { $_->{body} } requests_to('hook') }), 'it waits for an answer');
kill 'KILL', $first;
is(scep_answer($waiting)->{error}, $unavailable, 'killed: the request is refused');
ok(wait_child(2), 'there is another child');
isnt(last_child(), $first, 'a new one');
ok(scep_enrol(scep_csr('again', 'yes'))->{certificate}, 'which asks');
kill 'SYS', last_child();
ok(wait_until(sub { read_file('signerd.log') =~ /outside child \d+: signal 31, a system call that the sandbox forbids/ }),
    'the log says what a filter has killed');
ok(wait_child(3), 'there is one more');

# One that stands still is replaced.
reload_signerd(config(outside => {timeout => '1s'}));
ok(wait_child(4), 'a shorter time limit');
kill 'STOP', last_child();
is(scep_enrol(scep_csr('stands', 'yes'))->{error}, $unavailable, 'stopped: refused');
ok(wait_child(5), 'there is another child');
ok(scep_enrol(scep_csr('runs', 'yes'))->{certificate}, 'which asks');

# What was asked before a reload is answered after it.
reload_signerd(config());
ok(wait_child(6), 'a longer one');
my $old = last_child();
my $slow = scep_send(scep_csr('slow', 'silent'));
ok(wait_until(sub { (grep { /"silent"/ } map { $_->{body} } requests_to('hook')) >= 2 }), 'a question');
reload_signerd(config());
ok(wait_child(7), 'a reload: a new child');
ok(kill(0, $old), 'the one before waits for its answer');
ok(scep_enrol(scep_csr('new', 'yes'))->{certificate}, 'the new one asks');
stop('hook');
close $slow;

# Nobody to ask any more.
my $left = last_child();
reload_signerd($unused);
ok(wait_until(sub { !kill 0, $left }), 'nobody to ask any more: no child');

reload_signerd();
ok(wait_until(sub { read_file('signerd.log') =~ /"outside" itself.*a change needs a restart/ }), '"outside" goes with a restart alone');
kill 'KILL', $keeper;
ok(wait_until(sub { read_file('signerd.log') =~ /the keeper of the outside child ended/ }), 'the log says that the keeper is gone');
reload_signerd(config());
ok(wait_until(sub { read_file('signerd.log') =~ /: reloaded: .*: reloaded: /s }), 'a reload after that');
is(scep_enrol(scep_csr('none', 'yes'))->{error}, $unavailable, 'nobody can be asked');
ok(stop('signerd'), 'SIGTERM ends it');

# Whatever ends the front, nobody is left behind.
my $seen = () = children();
start_signerd(config());
ok(wait_child($seen + 1), 'a child');
my @left = (last_child(), process(last_child())->{PPid});
stop('signerd', 'KILL');
ok(wait_until(sub { !grep { kill 0, $_ } @left }), 'killed: its keeper and its child have ended too');
unlink path('signerd.sock'), path('admin.sock');

# --- users ---

SKIP: {
    skip 'only root can become another user', 8 if $< != 0;
    my ($front, $other) = map { [getpwnam $_] } qw(nobody daemon);
    skip 'no users nobody and daemon', 8 if !@$front || !@$other;
    chmod 0755, path();
    chmod 0711, path('ca');
    chmod 0644, glob path('ca/*.pem');
    chown $front->[2], $front->[3], path('ca/issuing.key');
    chown $other->[2], $other->[3], path('hook.secret');
    mkdir path($_) for qw(state run);
    chown $front->[2], $front->[3], map { path($_) } qw(state run);
    my $config = config(outside => {user => 'daemon', group => 'daemon'});
    $config->{user} = 'nobody';
    $config->{store} = path('state/store.db');
    $_->{path} =~ s{([^/]+)$}{run/$1} for @{$config->{listen}};
    refused('two users', $config);
    my $before = () = children();
    start_signerd($config);
    ok(wait_child($before + 1), 'a child of the other user');
    my $child = process(last_child());
    is((split ' ', process(pid_of('signerd'))->{Uid})[0], $front->[2], 'the front: its user');
    for (['child', $child], ['keeper', process($child->{PPid})]) {
        my ($what, $process) = @$_;
        is($process->{Uid} =~ s/\s+/ /gr, join(' ', ($other->[2]) x 4), "$what: the user");
        like("$process->{CapPrm} $process->{CapEff} $process->{CapAmb}", qr/^[0 ]+$/, "$what: no capability");
    }
    chown 0, 0, path('hook.secret');
    refused('a secret of root', $config, qr/challenges\.hook\.secret: .*does not belong to the user of the outside child/);
    chown $other->[2], $other->[3], path('hook.secret');
    ok(stop('signerd'), 'SIGTERM ends it');
}
