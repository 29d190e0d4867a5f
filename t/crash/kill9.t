# kill -9 of the front, the key child, a worker and the master of nginx, in turn, under constant
# load. A supervisor restarts the front and the master; the others come back by themselves.
# Nothing that a client got is missing, nothing was issued twice, the audit chain verifies.
use strict;
use warnings;
use Enroll::Client;
use Enroll::Test;
use Time::HiRes qw(sleep);

my $rounds = $ENV{KILL_ROUNDS} || 50;
my $clients = 4;
my $conf = <<'END';
    location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }
END

ca_init();
start_signerd();
start_nginx($conf);
allow_log(qr/connect\(\) to unix:.*signerd\.sock failed/, qr/exited on signal 9/);

# --- clients ---

sub note_down {
    my ($out, @words) = @_;
    syswrite $out, join(' ', @words) . "\n";
    return;
}

# One key after the other, each until it has its certificate, and some of them once more.
sub enroll_until_stopped {
    my ($name) = @_;
    my $client = Enroll::Client->new(seconds => 10);
    my $csr = read_file("$name.csr");
    open my $out, '>>', path("$name.got") or die $!;
    for (my $number = 1; !-e path('stop'); $number++) {
        my @key = ("Idempotency-Key: $name-$number");
        my ($reply, $tries) = (undef, 0);
        until ($reply && $reply->{status} == 200) {
            sleep 0.02 if $tries++;
            $reply = $client->post($csr, @key);
            note_down($out, 'status', $number, $reply->{status}) if $reply->{status} != 200;
        }
        note_down($out, 'got', $number, Enroll::Client::serial($reply->{body}));
        sleep 0.005;
        next if $tries == 1 && $number % 10;
        $reply = $client->post($csr, @key);
        note_down($out, 'got', $number, Enroll::Client::serial($reply->{body}))
            if $reply->{status} == 200;
    }
    return;
}

my @names = map { "client-$_" } 1 .. $clients;
for my $name (@names) {
    new_csr($name, "/CN=$name");
    start($name, sub { enroll_until_stopped($name) });
}

sub got { my ($name) = @_; return scalar(() = read_file("$name.got") =~ /^got /mg) }

sub everybody_gets_more {
    my %before = map { $_ => got($_) } @names;
    return wait_until(sub { !grep { got($_) < $before{$_} + 4 } @names });
}

# --- victims ---

sub children_of {
    my ($parent) = @_;
    my @children;
    for my $stat (glob '/proc/[0-9]*/stat') {
        my ($pid, $ppid) = slurp_stat($stat) =~ /^(\d+) \(.*\) [^Z] (\d+)/ or next;
        push @children, $pid if $ppid == $parent;
    }
    return @children;
}

sub slurp_stat {
    my ($file) = @_;
    open my $in, '<', $file or return '';
    return <$in> // '';
}

# systemd ends what is left of a service before it starts it again. A worker has threads, which
# may hold its sockets for a moment longer.
sub kill_master {
    kill 'STOP', pid_of('nginx');
    my @workers = children_of(pid_of('nginx'));
    stop('nginx', 'KILL');
    kill 'KILL', @workers;
    my $address = '127.0.0.1:' . port('https');
    wait_until(sub { !IO::Socket::INET->new(PeerAddr => $address) });
    return start_nginx($conf);
}

my %victims = (
    '1 front' => sub { stop('signerd', 'KILL'); start_signerd() },
    '2 key child' => sub { kill 'KILL', children_of(pid_of('signerd')) },
    '3 worker' => sub { kill 'KILL', children_of(pid_of('nginx')) },
    '4 master' => \&kill_master,
);

ok(everybody_gets_more(), 'before: every client gets certificates');
for my $round (1 .. $rounds) {
    my $victim = (sort keys %victims)[$round % keys %victims];
    $victims{$victim}->();
    ok(everybody_gets_more(), "round $round, $victim: every client gets certificates again")
        or last;
}

# --- what is left ---

write_file('stop', '');
ok(wait_until(sub { !grep { alive($_) } @names }), 'every client ends with a certificate');

my (%serials, %statuses);
for my $name (@names) {
    for (split /\n/, read_file("$name.got")) {
        my ($what, $number, $value) = split / /;
        $what eq 'got' ? $serials{"$name-$number"}{$value}++ : $statuses{$value}++;
    }
}
note join ', ', scalar(keys %serials) . ' keys', map { "$statuses{$_} times $_" } sort keys %statuses;
is(join(' ', grep { !/^(?:0|503)$/ } keys %statuses), '', 'a client gets 503 or no answer at worst');
is(join(' ', grep { keys %{$serials{$_}} > 1 } keys %serials), '', 'no key was answered in two ways');

my $listed = JSON::PP::decode_json(signerctl(qw(--json cert list))->{out})->{certificates};
my %stored = map { $_->{serial} => 1 } @$listed;
my @lost = grep { !$stored{$_} } map { keys %$_ } values %serials;
is("@lost", '', 'every certificate that a client got is in the store');
is(scalar @$listed, scalar keys %serials, 'and none beside: one for each key');
is(scalar(grep { $_->{decision} eq 'allow' } audit_rows()), scalar @$listed, 'each with one "allow"');
my $verified = signerctl(qw(audit verify));
is($verified->{status}, 0, 'the audit chain verifies') or diag $verified->{err};
