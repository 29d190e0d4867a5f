# SIGTERM ends signerd with success at any time, also while it is still reading its keys: whoever
# supervises it takes anything else for a failure.
use strict;
use warnings;
use Enroll::Test;

start_signerd();
stop('signerd');
for my $round (1 .. 20) {
    unlink path('signerd.sock'), path('signerd.log');
    start('signerd', "$ENV{ENROLL_BIN}/signerd", '-c', path('signerd.json'));
    wait_until(sub { read_file('signerd.log') =~ /version/ && ($round % 2 || -S path('signerd.sock')) });
    kill 'TERM', pid_of('signerd');
    is(wait_end('signerd'), 0, "round $round: it ends, and well");
    like(read_file('signerd.log'), qr/notice: ended\n\z/, "round $round: and says so");
}
