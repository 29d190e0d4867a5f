# conf/recipes/wifi-freeradius and docs/recipes-wifi.md as they are: a device with a certificate
# of ours gets past a real FreeRADIUS; a stranger's and a revoked one do not.
use strict;
use warnings;
use Enroll::Test;

my $recipe = 'conf/recipes/wifi-freeradius';
my $freeradius = '/usr/sbin/freeradius';
my $radius = '127.0.0.2';    # the lock of a port is a UDP socket on 127.0.0.1
my $device = 'device-1.wifi.example.com';
ca_init();

# --- the files and the commands, with our folders and ports ---

sub here {
    my ($text) = @_;
    my %place = (
        '/etc/freeradius/3.0' => path('raddb'), '/etc/wifi' => path('wifi'), '/etc/nginx/est' => path('est'),
        '/var/cache/nginx' => path(), '/var/lib/signerd' => path(), '/run/signerd' => path(),
        '/etc/signerd/ca' => path('ca'), 'https://est.example.com' => 'https://localhost:' . port('est'),
        'http://est.example.com' => 'http://127.0.0.1:' . port('http'));
    $text =~ s/\Q$_\E/$place{$_}/g for sort keys %place;
    return $text;
}

my @blocks = slurp('docs/recipes-wifi.md') =~ /^```\n(.*?)^```$/msg;

# The block of the page in which this stands, with other words where the page has an example.
sub doc {
    my ($words, %change) = @_;
    my ($block) = grep { /\Q$words\E/ } @blocks;
    my $admin = path('admin.sock');
    $block = here($block // die "no $words in the page") =~ s/^signerctl /signerctl --socket $admin /gmr;
    $block =~ s/\Q$_\E/$change{$_}/g for sort keys %change;
    local $ENV{PATH} = join ':', "$ENV{ENROLL_BIN}", "$recipe", $ENV{PATH};
    return run('sh', '-euc', $block);
}

# --- the CA ---

my $config = JSON::PP::decode_json(here(slurp("$recipe/signerd.json")));
delete $config->{user};
for my $socket (@{$config->{listen}}) {
    delete $socket->{group};
    $socket->{mode} = '0600';
    $_->{user} = $< + 0 for @{$socket->{peers}};
}
start_signerd($config);

mkdir path($_) or die $! for qw(wifi est raddb);
mkdir path("raddb/$_") or die $! for qw(certs run);
write_file('est/installers', "installer:{PLAIN}installing\n");
write_file('est/radius', "radius:{PLAIN}serving\n");
write_file('est/chain.pem', read_file('ca/chain.pem'));
my $nginx = here(slurp("$recipe/nginx.conf"));
for ($nginx) {
    s/^upstream signerd \{.*?^\}//ms;
    s/listen      443 ssl;/listen 127.0.0.1:%%PORT:est%% ssl;/;
    s/listen      80;/listen 127.0.0.1:%%PORT:http%%;/;
    s/est\.example\.com/localhost/g;
    s/192\.0\.2\.2/127.0.0.1/;
    s{/est/tls\.}{/server.}g;
}
start_nginx('', http => "$nginx server { listen 127.0.0.1:%%PORT:files%%; root %%DIR%%; }");

write_file("wifi/$_.pem", read_file("ca/$_.pem")) for qw(root issuing);
write_file('wifi/password', "serving\n", 0600);
write_file('wifi/installer', "installing\n", 0600);

# --- the RADIUS server ---

my $result = doc('install -d');
is($result->{status}, 0, 'the RADIUS server has its certificate and the CRL') or diag $result->{err};
like(cert_text(read_file('raddb/certs/wifi/radius.pem')), qr/TLS Web Server Authentication/, 'for a server');
is((stat path('raddb/certs/wifi/radius.key'))[2] & 077, 0, 'its key is its own');
ok((glob path('raddb/certs/wifi/trusted/*.r0'))[0], 'the CRL is there under its hash');

my ($dir, $radius_port) = (path('raddb'), port('radius'));
my $secret = 'a secret of the access point' =~ s/ /-/gr;

sub raddb {
    my (%change) = @_;
    my %file = map { $_ => here(slurp("$recipe/freeradius/$_")) } qw(eap site clients.conf);
    for ($file{eap}) {
        s/check_crl = \K\w+/$change{crl}/ if $change{crl};
        s/ocsp \{\s+enable = \K\w+/$change{ocsp}/ if $change{ocsp};
    }
    $file{site} =~ s/ipaddr = \*/ipaddr = $radius/;
    $file{site} =~ s/port = 1812/port = $radius_port/;
    $file{'clients.conf'} =~ s{192\.0\.2\.0/24}{127.0.0.0/8};
    $file{'clients.conf'} =~ s/\@SECRET\@/$secret/;
    write_file("raddb/$_", $file{$_}) for keys %file;
    write_file('raddb/radiusd.conf', <<"END");
prefix = /usr
name = freeradius
confdir = $dir
certdir = $dir/certs
run_dir = $dir/run
db_dir = $dir/run
logdir = $dir
libdir = /usr/lib/freeradius
pidfile = $dir/run/freeradius.pid
max_requests = 1024
correct_escapes = true
log {
    auth = yes
}
security {
    allow_vulnerable_openssl = yes
}
thread pool {
    start_servers = 1
    max_servers = 4
    min_spare_servers = 1
    max_spare_servers = 2
}
modules {
    \$INCLUDE $dir/eap
}
\$INCLUDE $dir/clients.conf
\$INCLUDE $dir/site
END
    return;
}

sub start_radius {
    raddb(@_);
    stop('freeradius');
    unlink path('freeradius.log');
    start('freeradius', $freeradius, qw(-f -l stdout -n radiusd -d), $dir);
    wait_ready('freeradius', sub { read_file('freeradius.log') =~ /Ready to process requests/ });
    return;
}

# Is a device with this certificate let in?
sub let_in {
    my ($name, %option) = @_;
    my $identity = $option{identity} // $device;
    my $conf = here(slurp("$recipe/eapol_test.conf"));
    $conf =~ s{wifi/device\.}{wifi/$name.}g;
    $conf =~ s/identity="\K[^"]*/$identity/;
    my $file = write_file("$name.conf", $conf);
    my $result = doc('eapol_test', 'eapol_test.conf' => $file, '192.0.2.2' => $radius, 1812 => $radius_port,
        '-s secret' => "-s $secret -t 20");
    return $result->{out} =~ /^SUCCESS$/m && $result->{status} == 0;
}

sub log_says { my ($words) = @_; return wait_until(sub { read_file('freeradius.log') =~ $words }) }

# Certificates of devices, by the page's command.
sub device {
    my ($name) = @_;
    my $result = doc('--user installer', 'wifi/device.' => "wifi/$name.");
    is($result->{status}, 0, "$name has a certificate") or diag $result->{err};
    return lc((cert_text(read_file("wifi/$name.pem"), '-serial') =~ /=(\w+)/)[0]);
}
my %serial = map { $_ => device($_) } qw(device by_crl by_ocsp);

# --- who is let in ---

start_radius();
ok(let_in('device'), 'a certificate of ours is let in') or diag read_file('freeradius.log');
ok(log_says(qr/Login OK: \[\Q$device\E\]/), 'FreeRADIUS knows it by its name');
is(doc('est reenroll')->{status}, 0, 'the certificate is renewed');
ok(let_in('device'), 'and let in again');
ok(!let_in('device', identity => 'device-2.wifi.example.com'), 'not under another name');

# The same names from a CA that is not ours: one that is called as ours, and a stranger.
ca_init('foreign');
ca_init('stranger', '--root-name', 'CN=Stranger Root', '--name', 'CN=Stranger');
for my $case ([foreign => qr/certificate signature failure/], [stranger => qr/unknown CA|local issuer/i]) {
    my ($ca, $reason) = @$case;
    my $csr = new_csr($ca, "/CN=$device");
    must(qw(openssl x509 -req -days 2 -in), $csr, '-CA', path("$ca/issuing.pem"), '-CAkey', path("$ca/issuing.key"),
        '-CAcreateserial', '-out', path("$ca.crt"));
    write_file("wifi/$ca.pem", read_file("$ca.crt") . read_file("$ca/issuing.pem"));
    write_file("wifi/$ca.key", read_file("$ca.key"));
    ok(!let_in($ca), "a certificate of a $ca CA is refused");
    ok(log_says($reason), 'because of its CA') or diag read_file('freeradius.log');
}

# The server's own certificate is none of a device: its name is another one.
write_file("wifi/radius.$_", read_file("raddb/certs/wifi/radius.$_")) for qw(pem key);
ok(!let_in('radius'), 'nor is that of the RADIUS server');

# A device that is given a server of the same CA with another name tells it nothing.
my $other = here(slurp("$recipe/eapol_test.conf")) =~ s/domain_match="\Kradius/other/r;
isnt(run(qw(eapol_test -t 20 -c), write_file('other.conf', $other), '-a', $radius, '-p', $radius_port, '-s', $secret)->{status},
    0, 'a server with another name is not believed');

# --- revoked, by the CRL alone ---

sub revoke_device {
    my ($name) = @_;
    my $result = doc('signerctl revoke', 'revoke serial' => "revoke $serial{$name}");
    is($result->{status}, 0, "$name is revoked") or diag $result->{err};
    like($result->{out}, qr/\Q$device\E/, 'after it was found');
    return;
}

start_radius(ocsp => 'no');
ok(let_in('by_crl'), 'by the CRL alone: let in');
must(qw(openssl crl -outform DER -in), (glob path('raddb/certs/wifi/trusted/*.r0'))[0], '-out', path('old.crl'));
revoke_device('by_crl');
my $crl = sub { doc('install -d'); run({in => slurp((glob path('raddb/certs/wifi/trusted/*.r0'))[0])}, qw(openssl crl -noout -text))->{out} };
ok(wait_until(sub { $crl->() =~ /$serial{by_crl}/i }), 'get-crl fetches the new list');
# It would read the list by itself, after no less than five minutes.
start_radius(ocsp => 'no');
ok(!let_in('by_crl'), 'FreeRADIUS has read it, and refuses');
ok(log_says(qr/certificate revoked/i), 'because it is revoked') or diag read_file('freeradius.log');
ok(let_in('device'), 'others are let in');

# What is not signed by the CA does not take its place.
my ($kept) = glob path('raddb/certs/wifi/trusted/*.r0');
my $before = slurp($kept);
must(qw(openssl ca -gencrl -config), write_file('ca.cnf', "[ca]\ndefault_ca=x\n[x]\ndatabase=" . write_file('index.txt', '')
    . "\ndefault_md=sha256\ndefault_crl_days=1\n"), '-cert', path('foreign/issuing.pem'), '-keyfile', path('foreign/issuing.key'),
    '-out', path('foreign.crl.pem'));
must(qw(openssl crl -outform DER -in), path('foreign.crl.pem'), '-out', path('foreign.crl'));
$result = run("$recipe/get-crl", 'http://127.0.0.1:' . port('files') . '/old.crl', path('raddb/certs/wifi/trusted'));
is($result->{status}, 1, 'an older list');
like($result->{err}, qr/older than the one that is there/, 'is not taken');
$result = run("$recipe/get-crl", 'http://127.0.0.1:' . port('files') . '/foreign.crl', path('raddb/certs/wifi/trusted'));
is($result->{status}, 1, 'a CRL of the CA\'s name that it has not signed');
like($result->{err}, qr/not signed by a CA/, 'said so');
is(slurp($kept), $before, 'the list is left alone');

# --- revoked, by OCSP alone ---

start_radius(crl => 'no');
ok(let_in('by_ocsp'), 'by OCSP alone: let in') or diag read_file('freeradius.log');
revoke_device('by_ocsp');
ok(wait_until(sub { !let_in('by_ocsp') }), 'refused');
ok(log_says(qr/revoked/i), 'because it is revoked') or diag read_file('freeradius.log');
ok(let_in('device'), 'others are let in');
stop('nginx');
ok(!let_in('device'), 'nobody is while the responder is away');
