# What signerd tells the service manager that has started it (sd_notify(3)).
use strict;
use warnings;
use Enroll::Test;
use IO::Select;
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM);

my $manager = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => path('notify.sock')) or die $!;

# The next datagram, or what it was waited for in vain.
sub told {
    IO::Select->new($manager)->can_read(20 * ($ENV{TEST_SLOWNESS} || 1)) or return '(nothing)';
    $manager->recv(my $text, 4096);
    return $text;
}

$ENV{NOTIFY_SOCKET} = path('notify.sock');
start_signerd();
is(told(), 'READY=1', 'ready, once its sockets are there');

my $last = 0;
for my $case (['a reload', []], ['a reload that fails', [limits => {queue => 'many'}]]) {
    my ($name, $change) = @$case;
    reload_signerd(@$change);
    my ($time) = told() =~ /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/;
    ok($time && $time > $last, "$name: when it began");
    is(told(), 'READY=1', "$name: done");
    $last = $time;
}
ok(stop('signerd'), 'SIGTERM ends it');
is(told(), 'STOPPING=1', 'stopping');

write_file('bad.json', '{');
is(run("$ENV{ENROLL_BIN}/signerd", '-c', path('bad.json'))->{status}, 1, 'one that cannot start');
start_signerd();
is(told(), 'READY=1', 'has said nothing before');
ok(stop('signerd'), 'SIGTERM ends this one');
is(told(), 'STOPPING=1', 'stopping again');

# A name that is no file, nobody there, and what cannot be a name.
my $abstract = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "\0enroll-$$") or die $!;
for my $name ("\@enroll-$$", path('absent.sock'), '', '/' . 'a' x 200) {
    $ENV{NOTIFY_SOCKET} = $name;
    my $before = () = read_file('signerd.log') =~ /: ready: /g;
    start_signerd();
    wait_until(sub { (() = read_file('signerd.log') =~ /: ready: /g) > $before });
    ok(stop('signerd'), "started and ended, told \"$name\"");
}
my @heard;
while (IO::Select->new($abstract)->can_read(0)) {
    $abstract->recv(my $text, 4096);
    push @heard, $text;
}
is("@heard", 'READY=1 STOPPING=1', 'an abstract socket heard it');
