# A folder, free ports and processes for one test file. When it ends everything is stopped,
# and two assertions come by themselves: quiet error logs, no crash or sanitizer report.
package Enroll::Process;
use strict;
use warnings;
use Exporter 'import';
use File::Temp ();
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(path write_file read_file slurp port run must start stop pid_of alive
    wait_end wait_until wait_ready allow_log);

my $patience = 20 * ($ENV{TEST_SLOWNESS} || 1);    # seconds for a process to come or go
my $owner = $$;
my $folder = File::Temp->newdir('enroll-XXXXXX', TMPDIR => 1, CLEANUP => !$ENV{TEST_KEEP});
my (%ports, @port_locks, %processes, @groups, @ended, @allowed);
my $runs = 0;

# signerd takes no file that others may write to.
umask 022;

# The end comes with a signal too.
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);

for my $options (qw(ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS)) {
    $ENV{$options} = join ':', grep { defined } $ENV{$options}, "log_path=$folder/sanitizer";
}

# --- files and ports ---

sub path { my ($name) = @_; return defined $name ? "$folder/$name" : "$folder" }

sub write_file {
    my ($name, $text, $mode) = @_;
    my $file = path($name);
    open my $out, '>:raw', $file or die "$file: $!";
    print {$out} $text or die "$file: $!";
    close $out or die "$file: $!";
    if (defined $mode) { chmod $mode, $file or die "$file: $!" }
    return $file;
}

sub slurp {
    my ($file) = @_;
    open my $in, '<:raw', $file or return '';
    local $/;
    return <$in> // '';
}

sub read_file { my ($name) = @_; return slurp(path($name)) }

# The same name gives the same port. The range lies below the one from which the system
# serves outgoing connections. The UDP socket is a lock against tests that run beside this
# one; TCP could not be, nginx has to bind that.
sub port {
    my ($name) = @_;
    return $ports{$name} if $ports{$name};
    for (1 .. 200) {
        my $candidate = 10000 + int rand 20000;
        my %address = (LocalAddr => "127.0.0.1:$candidate");
        my $lock = IO::Socket::INET->new(%address, Proto => 'udp') or next;
        IO::Socket::INET->new(%address, Listen => 1, ReuseAddr => 1) or next;
        push @port_locks, $lock;
        return $ports{$name} = $candidate;
    }
    die 'no free port';
}

# --- processes ---

sub execute {
    my ($in, $out, $err, @command) = @_;
    open STDIN, '<', $in or POSIX::_exit(126);
    open STDOUT, '>>', $out or POSIX::_exit(126);
    open STDERR, '>>', $err or POSIX::_exit(126);
    no warnings 'exec';
    exec {$command[0]} @command or POSIX::_exit(127);
}

# Runs a command to its end: {status, out, err}. A first argument {in => text} is its input.
sub run {
    my $options = ref $_[0] ? shift : {};
    my @command = @_;
    my $name = join '-', 'run', $$, ++$runs;    # a child of this process runs things too
    my $in = defined $options->{in} ? write_file("$name.in", $options->{in}) : '/dev/null';
    defined(my $pid = fork) or die "fork: $!";
    execute($in, path("$name.out"), path("$name.err"), @command) if !$pid;
    waitpid $pid, 0;
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    return {status => $status, out => read_file("$name.out"), err => read_file("$name.err")};
}

# The same for commands that cannot fail unless the test is wrong: what they print.
sub must {
    my $result = run(@_);
    die "@_: status $result->{status}\n$result->{out}$result->{err}" if $result->{status};
    return $result->{out};
}

# Starts a daemon in the foreground; a code reference runs in a child of this process. What
# it prints goes to path("$name.log").
sub start {
    my ($name, @command) = @_;
    defined(my $pid = fork) or die "fork: $!";
    if (!$pid) {
        if (ref $command[0]) {
            setpgrp;
            $command[0]->();
            POSIX::_exit(0);
        }
        execute('/dev/null', path("$name.log"), path("$name.log"), @command);
    }
    $processes{$name} = $pid;
    push @groups, $pid if ref $command[0];
    return $pid;
}

sub pid_of { my ($name) = @_; return $processes{$name} }

# A process that has ended is reaped here and its status kept for the last assertion.
sub alive {
    my ($name) = @_;
    my $pid = $processes{$name} or return 0;
    return 1 if waitpid($pid, POSIX::WNOHANG()) == 0;
    push @ended, {name => $name, status => $?};
    delete $processes{$name};
    return 0;
}

# True when it ended by itself; a KILL that was asked for is no crash.
sub stop {
    my ($name, $signal) = @_;
    my $pid = $processes{$name} or return 1;
    kill $signal || 'TERM', $pid;
    my $in_time = wait_until(sub { !alive($name) });
    if (!$in_time) {
        kill 'KILL', $pid;
        wait_until(sub { !alive($name) });
    }
    $ended[-1]{status} = 0 if $signal && $signal eq 'KILL';
    return $in_time;
}

# The exit status of a process that ends by itself, for the test to judge; undef when late.
sub wait_end {
    my ($name) = @_;
    wait_until(sub { !alive($name) }) or return;
    my $status = $ended[-1]{status};
    $ended[-1]{status} = 0;
    return $status & 127 ? 128 + ($status & 127) : $status >> 8;
}

sub wait_until {
    my ($condition, $seconds) = @_;
    my $end = time + ($seconds || $patience);
    until ($condition->()) {
        return 0 if time > $end;
        sleep 0.01;
    }
    return 1;
}

sub wait_ready {
    my ($name, $answers) = @_;
    my $ready;
    wait_until(sub { !alive($name) || ($ready = $answers->()) });
    die "$name does not start:\n" . read_file("$name.log") . read_file('error.log') if !$ready;
    return;
}

# --- the end ---

# A test that provokes an alarming line of the error log says which (regular expressions).
sub allow_log { push @allowed, @_; return }

sub alarms {
    my @lines = grep { /\[(?:alert|emerg|crit)\]/ } split /\n/, read_file('error.log');
    for my $allowed (@allowed) { @lines = grep { $_ !~ $allowed } @lines }
    return @lines;
}

sub crashes {
    my $sign = qr/(?:Address|Leak|UndefinedBehavior)Sanitizer|: runtime error: /;
    my @reports = map { slurp($_) } glob path('sanitizer.*');
    for my $log (glob path('*.{log,err}')) {
        push @reports, map { "$log: $_" } grep { /$sign/ } split /\n/, slurp($log);
    }
    push @reports, map { "$_->{name}: wait status $_->{status}" } grep { $_->{status} } @ended;
    return @reports;
}

END {
    if ($$ == $owner) {
        my $status = $?;
        my @late = grep { !stop($_) } sort keys %processes;    # nginx before signerd
        kill 'KILL', map { -$_ } @groups;
        if ($status) {
            diag map { "--- $_\n" . slurp($_) } grep { -s } glob path('*.log');
        } elsif (Test::More->builder->current_test) {
            is(join("\n", alarms()), '', 'no [alert], [emerg] or [crit] in the error log');
            is(join("\n", crashes(), map { "$_ was late to stop" } @late), '',
                'no crash, no sanitizer report');
            done_testing();
        }
        diag "kept: $folder" if $ENV{TEST_KEEP};
        $? = $status;
    }
}

1;
