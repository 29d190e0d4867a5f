# A disk that is full, broken, read-only or slow under a signerd that runs: no certificate leaves
# that is not durable, clients are told to come again, the log says why and says it once, and
# service resumes by itself.
use strict;
use warnings;
use Enroll::Client;
use Enroll::Faults;
use Enroll::Test;
use Errno qw(EIO ENOSPC EROFS);

my $requests = 6;
my $crowd = 32;

ca_init();
start_with_faults();
start_nginx(<<'END');
    location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }
END
my $pid = pid_of('signerd');

new_csr('device', '/CN=device');
my $csr = read_file('device.csr');
my $client = Enroll::Client->new;

sub enroll { my ($key) = @_; return $client->post($csr, "Idempotency-Key: $key") }
sub certificates_stored { return JSON::PP::decode_json(signerctl(qw(--json status))->{out})->{certificates} }
sub errors { return scalar(() = read_file('signerd.log') =~ / signerd: error: store/g) }

sub works {
    my ($key, $name) = @_;
    my $reply = enroll($key);
    return is($reply->{status}, 200, $name);
}

works('first', 'before: a certificate');
for my $case (
    ['full', write => ENOSPC], ['broken when it writes', write => EIO],
    ['broken when it syncs', sync => EIO], ['full when it syncs', sync => ENOSPC],
    ['read-only', write => EROFS],
) {
    my ($name, @fault) = @$case;
    my ($stored, $errors, $spoilt) = (certificates_stored(), errors(), spoilt());
    faults(@fault);
    my @replies = map { enroll("$name-$_" =~ tr/ /-/r) } 1 .. $requests;
    is(join(' ', map { $_->{status} } @replies), join(' ', (503) x $requests), "$name: 503");
    is(scalar(grep { $_->{headers}{'retry-after'} } @replies), $requests, "$name: with Retry-After");
    cmp_ok(spoilt() - $spoilt, '>=', $requests, "$name: the disk was asked");
    is(certificates_stored(), $stored, "$name: nothing is issued");
    is(errors() - $errors, 1, "$name: one line in the log");
    faults();
    works("$name-$_" =~ tr/ /-/r, "$name: request $_ gets its certificate afterwards") for 1 .. $requests;
    is(certificates_stored() - $stored, $requests, "$name: each of them one");
    like(read_file('signerd.log'), qr/store: works again\n\z/, "$name: the log says that it is over");
}

# What is acknowledged was synced: a crowd shares syncs, it does not do without.
faults(sync_ms => 200);
my @crowd = map { Enroll::Client->new } 1 .. $crowd;
my $before = syncs();
$crowd[$_]->send($crowd[$_]->request($csr, "Idempotency-Key: crowd-$_")) for 0 .. $#crowd;
my @statuses = map { $_->receive->{status} } @crowd;
my $syncs = syncs() - $before;
is(join(' ', @statuses), join(' ', (200) x $crowd), "slow: $crowd at once get their certificates");
cmp_ok($syncs, '>=', 1, 'slow: after a sync');
cmp_ok($syncs, '<=', $crowd / 2, "slow: which they share ($syncs)");
$before = syncs();
works("alone-$_", "slow: one alone, $_") for 1 .. 3;
cmp_ok(syncs() - $before, '>=', 3, 'slow: with a sync each');
faults();

is(pid_of('signerd'), $pid, 'all of it without a restart');
is(signerctl(qw(audit verify))->{status}, 0, 'the audit chain verifies');
is(scalar(grep { $_->{decision} eq 'allow' } audit_rows()), certificates_stored(), 'an "allow" for each certificate');

# What was written but not synced may be there after a crash, or not: never twice.
faults(sync => EIO);
is(enroll("lost-$_")->{status}, 503, "a sync that failed: 503, $_") for 1 .. 3;
stop('signerd', 'KILL');
allow_log(qr/connect\(\) to unix:.*signerd\.sock failed/);
faults();
start_with_faults();
$before = certificates_stored();
my %lost = map { $_ => Enroll::Client::serial(enroll("lost-$_")->{body}) } 1 .. 3;
is(Enroll::Client::serial(enroll("lost-$_")->{body}), $lost{$_}, "a sync that failed, and a crash: one certificate, $_")
    for 1 .. 3;
cmp_ok(certificates_stored() - $before, '<=', 3, 'a sync that failed, and a crash: none beside');
is(signerctl(qw(audit verify))->{status}, 0, 'a sync that failed, and a crash: the audit chain verifies');

# A store that cannot be opened for writing is no store.
ok(stop('signerd'), 'stopped');
faults(open => EROFS);
{
    local $ENV{LD_PRELOAD} = "$ENV{ENROLL_FAULTY}/faults.so";
    local $ENV{FAULTS_CONTROL} = path('faults');
    local $ENV{FAULTS_FILES} = path('signerd.db');
    my $result = run("$ENV{ENROLL_BIN}/signerd", '-c', path('signerd.json'));
    is($result->{status}, 1, 'read-only: signerd does not start');
    like($result->{err}, qr/store: .*signerd\.db: Read-only file system/, 'read-only: and says why');
}
faults();
start_with_faults();
works('last', 'writable again: it does');
