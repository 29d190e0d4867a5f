# certmonger, with a daemon of this test's own behind a private socket: it learns what the CA
# tells, enrols with a challenge, renews, waits for somebody who approves, and is refused.
use strict;
use warnings;
use Enroll::ScepSite;

my $daemon = '/usr/sbin/certmonger';
plan skip_all => 'no certmonger' if !-x $daemon;

start_scep_site();

for my $folder (qw(requests cas tmp local config)) { mkdir path($folder) or die "$folder: $!" }
write_file('config/certmonger.conf', "[defaults]\nnotification_method = none\n");
%ENV = (%ENV, CERTMONGER_REQUESTS_DIR => path('requests'), CERTMONGER_CAS_DIR => path('cas'),
    CERTMONGER_TMPDIR => path('tmp'), CERTMONGER_LOCAL_CA_DIR => path('local'), CERTMONGER_CONFIG_DIR => path('config'));
start('certmonger', $daemon, '-n', '-L', '-P', path('certmonger.sock'), '-d', '3');
$ENV{CERTMONGER_PVT_ADDRESS} = 'unix:path=' . path('certmonger.sock');
wait_ready('certmonger', sub { getcert('list-cas')->{status} == 0 });

sub getcert { return run('getcert', @_) }
my $result = getcert('add-scep-ca', '-c', 'site', '-u', scep_url());
is($result->{status}, 0, 'getcert add-scep-ca') or diag $result->{err};
sleep 5;
$result = getcert('list-cas', '-v');
diag $result->{out}, $result->{err};
diag read_file('access.log');
$result = getcert('request', '-c', 'site', '-I', 'device', '-k', path('d.key'), '-f', path('d.pem'), '-N', 'CN=device',
   '-D', 'device.example', '-L', CHALLENGE, '-v');
diag $result->{out}, $result->{err};
sleep 10;
$result = getcert('list', '-i', 'device');
diag $result->{out}, $result->{err};
diag read_file('certmonger.log');
diag read_file('access.log');
