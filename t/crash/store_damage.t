# A store that was damaged, cut, moved or mixed up. signerd refuses to start on one that it can
# tell is broken, and says what to do; under one that breaks while it runs it fails closed: 503,
# never an answer that is not the one it gave.
use strict;
use warnings;
use Enroll::Client;
use Enroll::Test;
use File::Copy qw(copy);

ca_init();
start_signerd();
start_nginx(<<'END');
    location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }
END
allow_log(qr/connect\(\) to unix:.*signerd\.sock failed/);

my $store = path('signerd.db');
my $advice = qr/restore the database from a backup, see "When the store is broken" in operations\.md/;
new_csr('device', '/CN=device');
my $csr = read_file('device.csr');
my $client = Enroll::Client->new;

sub enroll { my ($key) = @_; return $client->post($csr, "Idempotency-Key: $key") }

# The serial, or the status when there is no certificate.
sub outcome {
    my ($key) = @_;
    my $reply = enroll($key);
    return Enroll::Client::serial($reply->{body}) if $reply->{status} == 200;
    return $reply->{headers}{'retry-after'} ? "$reply->{status} later" : $reply->{status};
}

sub overwrite {
    my ($offset, $bytes) = @_;
    open my $out, '+<:raw', $store or die "$store: $!";
    seek $out, $offset, 0;
    print {$out} $bytes;
    close $out or die $!;
    return;
}

sub bytes_at { my ($offset, $size) = @_; return substr read_file('signerd.db'), $offset, $size }
sub log_since { my ($length) = @_; return substr read_file('signerd.log'), $length }

sub refused {
    my ($name, $why) = @_;
    my $before = read_file('signerd.db');
    my $result = run("$ENV{ENROLL_BIN}/signerd", '-c', path('signerd.json'));
    is($result->{status}, 1, "$name: signerd does not start");
    like($result->{err}, qr/signerd: error: .*$why/, "$name: and says why");
    like($result->{err}, $advice, "$name: and what to do");
    ok(read_file('signerd.db') eq $before, "$name: the file stays as it is");
    return;
}

sub restore {
    unlink map { "$store$_" } '-wal', '-shm';
    copy(path('backup.db'), $store) or die $!;
    return;
}

my %serials = map { $_ => outcome("key-$_") } 1 .. 40;
is(scalar(grep { /^[0-9a-f]{32}$/ } values %serials), 40, 'forty certificates');

# --- while it runs ---

ok(stop('signerd'), 'stopped: the log is in the database now');
copy($store, path('backup.db')) or die $!;
start_signerd();

my $der = must('openssl', 'x509', '-outform', 'DER', '-in',
    write_file('7.pem', (certificates(enroll('key-7')->{body}))[0]));
stop('signerd');
start_signerd();
my $place = index read_file('signerd.db'), $der;
cmp_ok($place, '>', 0, 'a certificate is found in the file');
for my $spot ([20, 'serial'], [length($der) - 10, 'signature'], [0, 'structure']) {
    my ($offset, $name) = ($place + $spot->[0], $spot->[1]);
    stop('signerd');    # what it has read before it may have in memory
    start_signerd();
    my $octet = bytes_at($offset, 1);
    my $logged = length read_file('signerd.log');
    overwrite($offset, chr(ord($octet) ^ 1));
    is(outcome('key-7'), '503 later', "another octet in the $name: 503") for 1 .. 3;
    like(log_since($logged), $advice, "another octet in the $name: the log says what to do");
    is(scalar(() = log_since($logged) =~ /signerd: error/g), 1, "another octet in the $name: once");
    is(outcome('key-8'), $serials{8}, "another octet in the $name: other certificates are there");
    overwrite($offset, $octet);
    is(outcome('key-7'), $serials{7}, "the $name as it was: the same certificate again");
}

# Every page but the first: whatever is read next is nonsense.
my $pages = (-s $store) / 4096 - 1;
my $whole = bytes_at(4096, $pages * 4096);
my $logged = length read_file('signerd.log');
overwrite(4096, "\xff" x ($pages * 4096));
my %seen = map { my $got = outcome("key-$_"); ($got eq '503 later' || $got eq $serials{$_} ? 'right' : $got) => 1 } 1 .. 40;
is(join(' ', keys %seen), 'right', 'pages of nonsense: 503 or the certificate that it was');
like(log_since($logged), $advice, 'pages of nonsense: the log says what to do');
stop('signerd', 'KILL');
unlink map { "$store$_" } '-wal', '-shm';
refused('pages of nonsense', 'store: damaged');

restore();
start_signerd();
is(outcome('key-7'), $serials{7}, 'a backup: the certificates are there again');
is(signerctl(qw(audit verify))->{status}, 0, 'a backup: the audit chain verifies');

# --- files that are moved or go away ---

$logged = length read_file('signerd.log');
for my $name ('', '-wal', '-shm', '.lock') {
    rename "$store$name", "$store.away" or die $!;
    is(outcome("moved$name"), '503 later', "signerd.db$name away: 503") for 1 .. 2;
    rename "$store.away", "$store$name" or die $!;
    like(outcome("moved$name"), qr/^[0-9a-f]{32}$/, "signerd.db$name back: a certificate");
}
is(scalar(() = log_since($logged) =~ /error: store: a file was moved or replaced/g), 4, 'one line in the log for each');
$logged = length read_file('signerd.log');
unlink map { "$store$_" } '', '-wal', '-shm';
is(outcome('deleted'), '503 later', 'deleted: 503');
like(log_since($logged), qr/restart signerd/, 'deleted: the log says what to do');
stop('signerd');
restore();
start_signerd();
is(outcome('key-9'), $serials{9}, 'a backup again');

# --- damage between two runs ---

stop('signerd');
overwrite(4096, "\xff" x 16);
refused('a page that is none', 'store: damaged');
restore();
overwrite(0, "\0" x 100);
refused('no header', 'store: damaged');
restore();
truncate $store, (-s $store) - 4096 * 2;
refused('two pages short', 'store: damaged');
restore();

# A log that lost its end is an earlier state, whole in itself: only who has noted the head of the
# audit chain can tell.
start_signerd();
outcome("more-$_") for 1 .. 5;
my ($head) = signerctl(qw(audit verify))->{out} =~ /head (\S+)/;
stop('signerd', 'KILL');
copy("$store$_", path("crashed.db$_")) for '', '-wal';
start_signerd();
is(signerctl(qw(audit verify --head), $head)->{status}, 0, 'after a crash: everything is there');
for my $case (['cut', sub { truncate "$store-wal", (-s "$store-wal") - 5000 }],
    ['missing', sub { unlink "$store-wal" }]) {
    my ($name, $change) = @$case;
    stop('signerd', 'KILL');
    copy(path("crashed.db$_"), "$store$_") for '', '-wal';
    unlink "$store-shm";
    $change->();
    start_signerd();
    is(signerctl(qw(audit verify))->{status}, 0, "a log that is $name: the chain verifies as far as it goes");
    isnt(signerctl(qw(audit verify --head), $head)->{status}, 0, "a log that is $name: not up to the head that was noted");
    is(outcome('key-3'), $serials{3}, "a log that is $name: what came before is there");
    like(outcome('more-5'), qr/^[0-9a-f]{32}$/, "a log that is $name: service goes on");
}
