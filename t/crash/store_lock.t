# Who else may have the store: no second signerd, and a program that holds SQLite's lock only
# delays. Clients are told to come again, and service resumes when the lock is gone.
use strict;
use warnings;
use Enroll::Client;
use Enroll::Test;

ca_init();
start_signerd();
start_nginx(<<'END');
    location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }
END

new_csr('device', '/CN=device');
my $csr = read_file('device.csr');
my $client = Enroll::Client->new;
sub enroll { my ($key) = @_; return $client->post($csr, "Idempotency-Key: $key") }
sub certificates_stored { return JSON::PP::decode_json(signerctl(qw(--json status))->{out})->{certificates} }

is(enroll('before')->{status}, 200, 'before: a certificate');

my $second = signerd_config();
$_->{path} .= '.second' for @{$second->{listen}};
my $file = write_file('second.json', JSON::PP::encode_json($second));
my $result = run("$ENV{ENROLL_BIN}/signerd", '-c', $file);
is($result->{status}, 1, 'a second signerd does not start');
like($result->{err}, qr/store: in use by another signerd: .*signerd\.db: pid @{[pid_of('signerd')]}/, 'and is told why');
is(enroll('second')->{status}, 200, 'the first one does not notice');

my $hold = <<'END';
import os, sqlite3, sys, time
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute(sys.argv[2])
open(sys.argv[3], "w").close()
while not os.path.exists(sys.argv[4]): time.sleep(0.02)
store.rollback()
END
for my $lock ('BEGIN IMMEDIATE', 'BEGIN EXCLUSIVE') {
    my $name = lc $lock =~ s/BEGIN //r;
    my ($stored, $log) = (certificates_stored(), length read_file('signerd.log'));
    start($name, 'python3', '-c', $hold, path('signerd.db'), $lock, path("$name.held"), path("$name.free"));
    ok(wait_until(sub { -e path("$name.held") }), "$name: the store is locked");
    my @replies = map { enroll("$name-$_") } 1 .. 4;
    is(join(' ', map { $_->{status} } @replies), '503 503 503 503', "$name: 503");
    is(scalar(grep { $_->{headers}{'retry-after'} } @replies), 4, "$name: with Retry-After");
    is(certificates_stored(), $stored, "$name: nothing is issued, and what is there can be read");
    like(substr(read_file('signerd.log'), $log), qr/\A\N+error: store: \N+locked\n\z/, "$name: one line in the log");
    write_file("$name.free", '');
    is(wait_end($name), 0, "$name: the lock is gone");
    is(enroll("$name-$_")->{status}, 200, "$name: request $_ gets its certificate") for 1 .. 4;
}
is(signerctl(qw(audit verify))->{status}, 0, 'the audit chain verifies');
