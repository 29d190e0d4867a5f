# Started by root, signerd becomes the user that its configuration names, before it opens
# anything; and files that others could change are refused by their names.
use strict;
use warnings;
use Enroll::Test;

my $signerd = "$ENV{ENROLL_BIN}/signerd";
my $name = 'nobody';
my (undef, undef, $uid, $gid) = getpwnam $name;

# {Uid, Gid, Groups, CapPrm, ...} of /proc/PID/status, the first three as lists.
sub process { my ($pid) = @_; return {slurp("/proc/$pid/status") =~ /^(\w+):[ \t]*(.*?)[ \t]*$/mg} }

sub folder {
    my ($folder, $mode, @owner) = @_;
    mkdir path($folder);
    chown @owner, path($folder) if @owner;
    chmod $mode, path($folder);
    return path($folder);
}

sub test_config {
    my (%change) = @_;
    my $file = write_file('etc/tested.json', JSON::PP::encode_json(signerd_config(%change)));
    return run($signerd, '-t', '-c', $file);
}

ca_init();
folder('etc', 0755);

# --- as whoever runs this ---

my %places = (
    store => [store => folder('open', 0777) . '/store.db'],
    'listen[0].path' => [
        listen => [{path => path('open') . '/s.sock', peers => [{name => 'a', user => 0, role => 'admin'}]}]],
);
for my $key (sort keys %places) {
    my $result = test_config(@{$places{$key}});
    is($result->{status}, 1, "$key: a folder that all may write to");
    like($result->{err}, qr{\Q$key\E: writable by group or others: chmod go-w \Q@{[path('open')]}\E$}m, "$key: how to cure it");
    start('signerd', $signerd, '-c', path('etc/tested.json'));
    is(wait_end('signerd'), 1, "$key: it does not start either");
}
chmod 0664, write_file('etc/open.json', JSON::PP::encode_json(signerd_config()));
my $open = run($signerd, '-t', '-c', path('etc/open.json'));
is($open->{status}, 1, 'a configuration that a group may write');
like($open->{err}, qr{writable by group or others: chmod go-w \Q@{[path('etc/open.json')]}\E$}m, 'how to cure it');
is(test_config()->{status}, 0, 'a good one');

for my $case (
    ['absent-user', {user => 'absent-user'}, qr/user: not on this system: absent-user/],
    ['root', {user => 'root'}, qr/user: root, leave the key out/],
    ['absent-group', {user => $name, group => 'absent-group'}, qr/group: not on this system: absent-group/],
) {
    my ($what, $change, $message) = @$case;
    my $result = test_config(%$change);
    is($result->{status}, 1, "$what: refused");
    like($result->{err}, $message, "$what: by name");
}

# --- as another user ---

SKIP: {
    skip 'only root can become another user', 22 if $< != 0;

    my $refused = test_config(user => $name);
    is($refused->{status}, 1, 'a key of root is not one that this user may read');
    like($refused->{err}, qr/issuing\.key|cannot be (?:read|examined)/, 'as signerd -t says');

    # Root's configuration, the user's keys, store and sockets.
    chmod 0711, path();
    chmod 0711, path('ca');
    chmod 0644, glob path('ca/*.pem');
    chown $uid, $gid, path('ca/issuing.key');
    my ($state, $run) = (folder('state', 0700, $uid, $gid), folder('run', 0755, $uid, $gid));
    my $config = signerd_config(user => $name, store => "$state/store.db");
    $_->{path} =~ s{([^/]+)$}{run/$1} for @{$config->{listen}};
    write_file('etc/signerd.json', JSON::PP::encode_json($config));
    is(run($signerd, '-t', '-c', path('etc/signerd.json'))->{status}, 0, 'signerd -t of files for this user');

    start('signerd', $signerd, '-c', path('etc/signerd.json'));
    ok(wait_until(sub { read_file('signerd.log') =~ /: ready: / }), 'ready');
    unlike(read_file('signerd.log'), qr/running as root/, 'nothing to warn of');
    my $status = run("$ENV{ENROLL_BIN}/signerctl", '--socket', "$run/admin.sock", qw(--json status));
    my $child = JSON::PP::decode_json($status->{out})->{key_child}{pid};
    for (['front', pid_of('signerd')], ['key child', $child]) {
        my ($what, $process) = ($_->[0], process($_->[1]));
        is($process->{Uid} =~ s/\s+/ /gr, "$uid $uid $uid $uid", "$what: the user");
        is($process->{Gid} =~ s/\s+/ /gr, "$gid $gid $gid $gid", "$what: the group");
        unlike(" $process->{Groups} ", qr/ 0 /, "$what: none of root's groups");
        like("$process->{CapPrm} $process->{CapEff} $process->{CapAmb}", qr/^[0 ]+$/, "$what: no capability");
    }
    SKIP: {
        skip 'this root may not lift limits', 1 if system(q(bash -c 'ulimit -l unlimited' 2>/dev/null)) != 0;
        cmp_ok(process($child)->{VmLck} =~ s/ kB//r, '>', 1000, 'key child: its memory is locked');
    }
    is((stat "$state/store.db")[4], $uid, 'its store');
    is((stat "$run/signerd.sock")[4], $uid, 'its socket');
    my $before = () = read_file('signerd.log') =~ /: reloaded: /g;
    kill 'HUP', pid_of('signerd');
    ok(wait_until(sub { (() = read_file('signerd.log') =~ /: reloaded: /g) > $before }), 'a reload');
    ok(stop('signerd'), 'SIGTERM ends it');

    # Not root, and not that user.
    must('chown', "$uid", path('etc'), path('etc/signerd.json'));
    my $other = run('setpriv', '--reuid', 1, '--regid', 1, '--clear-groups', $signerd, '-t', '-c', path('etc/signerd.json'));
    is($other->{status}, 1, 'started by somebody else');
    like($other->{err}, qr/neither root nor this user|belongs to a user/, 'it says why');
    my $same = run('setpriv', '--reuid', $uid, '--regid', $gid, '--clear-groups', $signerd, '-t', '-c', path('etc/signerd.json'));
    is($same->{status}, 0, 'started by this user') or diag $same->{err};

    chown 0, 0, path('ca/issuing.key');
    start_signerd();
    ok(wait_until(sub { read_file('signerd.log') =~ /"user" in .*User=.*: ready: /s }), 'without the key: a warning');
}
