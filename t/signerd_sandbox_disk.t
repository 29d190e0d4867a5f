# Under its filters signerd meets a disk that is full, a database that somebody holds, and files
# that went away: it refuses and goes on, and nothing that it does then is forbidden.
use strict;
use warnings;

# What is mounted is seen by this test alone, and goes with it.
BEGIN {
    my @own = qw(unshare --mount);
    if (!$ENV{ENROLL_OWN_MOUNTS} && $< == 0 && system(@own, 'true') == 0) {
        $ENV{ENROLL_OWN_MOUNTS} = 1;
        exec @own, $^X, '-It/lib', $0;
    }
}
use Enroll::Test;

plan(skip_all => 'a small file system cannot be mounted') if !$ENV{ENROLL_OWN_MOUNTS};
mkdir path('disk');
must(qw(mount -t tmpfs -o), 'size=1m,mode=0700', 'tmpfs', path('disk'));
END { system 'umount', '--lazy', path('disk') if -d path('disk') }

my $requests = 0;
sub status {
    new_csr('device', '/CN=device-' . ++$requests);
    return post('/.well-known/est/simpleenroll', read_file('device.csr'))->{status};
}

start_signerd(store => path('disk/signerd.db'));
start_nginx('location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }');
is(status(), 200, 'with room');

open my $filler, '>', path('disk/filler') or die $!;
1 while syswrite $filler, "\0" x 4096;
close $filler;
my %full;
$full{status()}++ for 1 .. 40;
is(join(' ', grep { !/^(?:200|503)$/ } keys %full), '', 'a full disk: 503 once the last page is written');
cmp_ok($full{503} || 0, '>', 0, 'it was full');
unlink path('disk/filler');
is(status(), 200, 'with room again');

# Longer than the reader waits and shorter than the writer does.
start('holder', 'python3', '-c', <<'END', path('disk/signerd.db'));
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(0.5)
database.execute("COMMIT")
END
ok(wait_until(sub { read_file('holder.log') =~ /held/ }), 'somebody holds the database');
is(status(), 200, 'it is waited for');
is(wait_end('holder'), 0, 'and was let go');

rename path('disk/signerd.db'), path('disk/moved.db') or die $!;
is(status(), 503, 'a database that was moved');
rename path('disk/moved.db'), path('disk/signerd.db') or die $!;
is(status(), 200, 'and moved back');
is(signerctl(qw(audit verify))->{status}, 0, 'the audit chain verifies');
unlike(read_file('signerd.log'), qr/key child lost/, 'neither process was ended');
ok(stop('nginx') && stop('signerd'), 'both end');
