# certmonger, whose daemon listens on a socket of its own and needs no D-Bus then: it asks what
# the CA can do, enrols with a challenge, renews with and without a new key, polls for a request
# that waits, and is refused.
use strict;
use warnings;
use Enroll::ScepSite;

my $daemon = '/usr/sbin/certmonger';
plan skip_all => 'no certmonger' if !-x $daemon;

start_scep_site();

# --- the daemon ---

my %folders = (requests => 'REQUESTS_DIR', cas => 'CAS_DIR', local => 'LOCAL_CA_DIR', config => 'CONFIG_DIR', tmp => 'TMPDIR');
while (my ($folder, $variable) = each %folders) {
    mkdir path($folder) or die "$folder: $!";
    $ENV{"CERTMONGER_$variable"} = path($folder);
}
$ENV{CERTMONGER_SYSTEM_LOCK_FILE} = path('certmonger.lock');
write_file('config/certmonger.conf', "[defaults]\nnotification_method = stdout\n");
start('certmonger', $daemon, qw(-n -L -P), path('certmonger.sock'));
$ENV{CERTMONGER_PVT_ADDRESS} = 'unix:path=' . path('certmonger.sock');
wait_ready('certmonger', sub { getcert('list-cas')->{status} == 0 });

sub getcert { return run('getcert', @_) }

# The state of a request, which certmonger calls "status".
sub state_of { my ($name) = @_; return getcert('list', '-i', $name)->{out} =~ /^\tstatus: (\w+)/m ? $1 : '' }

# It pauses for seconds between some states, and has written the certificate before the last one.
sub comes_to { my ($name, $state) = @_; return wait_until(sub { state_of($name) eq $state }, 60) }

sub request {
    my ($ca, $name, @options) = @_;
    my $result = getcert('request', '-c', $ca, '-I', $name, '-k', path("$name.key"), '-f', path("$name.pem"), '-N', "CN=$name",
        '-D', "$name.example", @options);
    is($result->{status}, 0, "$name: requested") or diag $result->{out}, $result->{err};
    return;
}

sub is_certificate {
    my ($name) = @_;
    my $pem = read_file("$name.pem");
    is(cert_text($pem, '-pubkey'), public_key($name), "$name: for its key");
    like(cert_text($pem), qr/DNS:\Q$name\E\.example/, "$name: with its name");
    ok(issued_by_ca(path("$name.pem")), "$name: below the CA");
    return;
}

sub serial { my ($name) = @_; return cert_text(read_file("$name.pem"), '-serial') }

sub changes {
    my ($old) = @_;
    return wait_until(sub { my $now = serial('device'); $now && $now ne $old }, 60);
}

# --- certificates ---

for my $location (qw(scep manual)) {
    my $result = getcert('add-scep-ca', '-c', $location, '-u', scep_url($location));
    is($result->{status}, 0, "getcert add-scep-ca $location") or diag $result->{err};
}
request('scep', 'device', '-L', CHALLENGE);
ok(comes_to('device', 'MONITORING'), 'device: enrolled') or diag getcert('list')->{out};
is_certificate('device');
like(read_file('access.log'), qr{"GET /scep\?operation=PKIOperation}, 'device: by GET, for it knows no POST');

my ($key, $serial) = (public_key('device'), serial('device'));
is(getcert('resubmit', '-i', 'device')->{status}, 0, 'resubmit');
ok(changes($serial), 'resubmit: another certificate') or diag getcert('list')->{out};
ok(comes_to('device', 'MONITORING'), 'resubmit: done');
is_certificate('device');
is(public_key('device'), $key, 'resubmit: for the same key');

$serial = serial('device');
is(getcert('rekey', '-i', 'device')->{status}, 0, 'rekey');
ok(changes($serial), 'rekey: another certificate') or diag getcert('list')->{out};
ok(comes_to('device', 'MONITORING'), 'rekey: done');
is_certificate('device');
isnt(public_key('device'), $key, 'rekey: for another key');

# --- refusals ---

request('scep', 'wrong', '-L', 'open barley');
ok(comes_to('wrong', 'CA_REJECTED'), 'wrong: refused') or diag getcert('list')->{out};
ok(!-e path('wrong.pem'), 'wrong: no certificate');

# --- a request that waits ---

request('manual', 'waits', '-L', CHALLENGE);
ok(comes_to('waits', 'CA_WORKING'), 'waits: it knows') or diag getcert('list')->{out};
is(signerctl('request', 'approve', 1)->{status}, 0, 'waits: somebody approves');
getcert('refresh', '-i', 'waits');
ok(comes_to('waits', 'MONITORING'), 'waits: enrolled') or diag getcert('list')->{out};
is_certificate('waits');
is_audited('enroll:allow' => 2, 'renew:allow' => 2, 'enroll:deny' => 1, 'enroll:pending' => 1);
