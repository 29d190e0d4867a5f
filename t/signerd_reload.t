# SIGHUP takes a new configuration or none of it; SIGTERM answers what it has accepted.
use strict;
use warnings;
use Enroll::Test;

ca_init();
ca_init('second', '--root-name', 'CN=Second Root', '--name', 'CN=Second Issuing', '--key', 'rsa:2048');
start_signerd();
start_nginx(<<'END');
    location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth none; est_label new new;
    }
END

my $base = '/.well-known/est';
my $count = 0;
sub status {
    my ($label) = @_;
    new_csr('device', '/CN=device-' . ++$count);
    return post("$base/${label}simpleenroll", read_file('device.csr'))->{status};
}
sub log_matches { my ($regex) = @_; return wait_until(sub { read_file('signerd.log') =~ $regex }) }

is(status(''), 200, 'at the start');
is(status('new/'), 404, 'no such profile yet');

my $config = signerd_config();
$config->{cas}{second} = {tenant => 'two', certificate => path('second/chain.pem'), key => path('second/issuing.key')};
$config->{profiles}{new} = {%{$config->{profiles}{device}}, ca => 'second'};
reload_signerd($config);
ok(wait_until(sub { status('new/') == 200 }), 'a reload brings a profile, a CA and its key');
is(status(''), 200, 'and keeps the others');

my %bad = (
    'an unknown key' => sub { $_[0]{profiles}{device}{validty} = '1d' },
    'a CA that is not there' => sub { $_[0]{profiles}{device}{ca} = 'absent' },
    'a key of another CA' => sub { $_[0]{cas}{second}{key} = path('ca/issuing.key') },
    'a key file that is not there' => sub { $_[0]{cas}{second}{key} = path('absent.key') },
    'another store' => sub { $_[0]{store} = path('other.db') },
);
for my $name (sort keys %bad) {
    my $changed = JSON::PP::decode_json(JSON::PP::encode_json($config));
    $bad{$name}->($changed);
    my $before = () = read_file('signerd.log') =~ /signerd: error: /g;
    reload_signerd($changed);
    ok(wait_until(sub { (() = read_file('signerd.log') =~ /signerd: error: /g) > $before }), "$name: reported");
    is(status('new/'), 200, "$name: nothing has changed");
}
write_file('signerd.json', '{ "id": ');
kill 'HUP', pid_of('signerd');
ok(log_matches(qr/signerd\.json:1:\d+/), 'broken JSON: line and column');
is(status('new/'), 200, 'broken JSON: nothing has changed');

for my $case (
    ['an unknown key', 'profiles.device.validty', sub { $_[0]{profiles}{device}{validty} = '1d' }],
    ['a wrong type', 'limits.queue', sub { $_[0]{limits}{queue} = 'many' }],
    ['no peers', 'listen[0].peers', sub { $_[0]{listen}[0]{peers} = [] }],
    ['a key that does not match', 'second', sub { $_[0]{cas}{second}{key} = path('ca/issuing.key') }],
) {
    my ($name, $key, $change) = @$case;
    my $changed = JSON::PP::decode_json(JSON::PP::encode_json($config));
    $change->($changed);
    my $file = write_file('tested.json', JSON::PP::encode_json($changed));
    my $result = run("$ENV{ENROLL_BIN}/signerd", '-t', '-c', $file);
    isnt($result->{status}, 0, "signerd -t, $name: refused");
    like($result->{out} . $result->{err}, qr/\Q$key\E/, "signerd -t, $name: by name");
}
my $result = run("$ENV{ENROLL_BIN}/signerd", '-t', '-c', write_file('tested.json', JSON::PP::encode_json($config)));
is($result->{status}, 0, 'signerd -t: a good file') or diag $result->{err};

# The key child is a process of its own: without it nothing is signed, and it comes back.
sub state { return JSON::PP::decode_json(signerctl(qw(--json status))->{out}) }
my $generation = state()->{generation};
reload_signerd($config);
ok(wait_until(sub { state()->{generation} > $generation }), 'a good file again');
my $before = state()->{key_child}{pid};
kill 'KILL', $before;
ok(wait_until(sub { status('') == 200 }), 'the key child was killed: service resumes');
isnt(state()->{key_child}{pid}, $before, 'with another one');

# Twenty requests on their way when SIGTERM comes: each gets its certificate or 503.
my @clients = map {
    new_csr("late$_", "/CN=late-$_");
    start("late$_", 'curl', '-s', '-w', '%{http_code}', '-o', path("late$_.out"), '--cacert', path('ca/root.pem'), '-H',
        'Content-Type: application/pkcs10', '--data-binary', '@' . path("late$_.csr"),
        'https://localhost:' . port('https') . "$base/simpleenroll");
    "late$_"
} 1 .. 20;
allow_log(qr/connect\(\) to unix:.*signerd\.sock failed/);
ok(stop('signerd'), 'SIGTERM ends it');
wait_end($_) for @clients;
my %got;
$got{read_file("$_.log")}++ for @clients;
is(join(' ', grep { !/^(?:200|503)$/ } keys %got), '', 'nobody got anything else');
ok(!-e path('signerd.sock'), 'the socket is gone');
start_signerd($config);
my $verified = signerctl(qw(audit verify));
is($verified->{status}, 0, 'the audit chain verifies');
my %stored = map { $_->{subject} => 1 }
    @{JSON::PP::decode_json(signerctl(qw(--json cert list --subject late-))->{out})->{certificates}};
my $missing = grep { read_file("$_.log") eq '200' && !$stored{'CN=' . s/late/late-/r} } @clients;
is($missing, 0, 'every certificate that a client got is in the store');
