# conf/recipes/iot-fleet and docs/recipes-iot.md as they are: the first certificate of a device by a
# token and by the certificate of its vendor, and the next ones.
use strict;
use warnings;
use Enroll::Test;

my $recipe = 'conf/recipes/iot-fleet';
ca_init();
ca_init('other', '--root-name', 'CN=Other Root', '--name', 'CN=Other Devices');
ca_init('vendor', '--root-name', 'CN=Vendor Root', '--name', 'CN=Vendor Devices');

sub here {
    my ($text) = @_;
    my %place = (
        '/etc/fleet' => path('etc'), '/var/lib/fleet' => path('fleet'), '/etc/nginx/est' => path('est'),
        '/var/lib/signerd' => path(), '/run/signerd' => path(), '/etc/signerd/ca' => path('ca'),
        'https://est.example.com' => 'https://localhost:' . port('est'));
    $text =~ s/\Q$_\E/$place{$_}/g for sort keys %place;
    return $text;
}

my @blocks = slurp('docs/recipes-iot.md') =~ /^```\n(.*?)^```$/msg;

# The block of the page in which this stands.
sub doc {
    my ($words, %change) = @_;
    my ($block) = grep { /\Q$words\E/ } @blocks;
    my $admin = path('admin.sock');
    $block = here($block // die "no $words in the page") =~ s/^signerctl /signerctl --socket $admin /gmr;
    $block =~ s/\Q$_\E/$change{$_}/g for sort keys %change;
    local $ENV{PATH} = join ':', path('clock'), "$ENV{ENROLL_BIN}", $recipe, $ENV{PATH};
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

mkdir path($_) or die $! for qw(etc est fleet clock);
write_file('est/chain.pem', read_file('ca/chain.pem'));
write_file('est/vendors.pem', read_file('vendor/issuing.pem'));
my $nginx = here(slurp("$recipe/nginx.conf"));
for ($nginx) {
    s/^upstream signerd \{.*?^\}//ms;
    s/listen      443 ssl;/listen 127.0.0.1:%%PORT:est%% ssl;/;
    s/est\.example\.com/localhost/g;
    s{/est/tls\.}{/server.}g;
}
start_nginx('', http => $nginx);

# --- a device ---

write_file('etc/root.pem', read_file('ca/root.pem'));
write_file('etc/fleet.conf', here(slurp("$recipe/fleet.conf")) =~ s/^reload=$/"reload='echo new >> " . path('reloads') . "'"/mer);

# A run so many days from now.
write_file('clock/date', <<'END', 0755);
#!/bin/sh
[ "$*" = +%s ] || PATH=/usr/bin:/bin exec date "$@"
echo $(($(PATH=/usr/bin:/bin date +%s) + ${DAYS_LATER:-0} * 86400))
END
sub fleet { local $ENV{DAYS_LATER} = $_[0] // 0; return doc('fleet-cert') }
sub identity { return read_file('fleet/identity.pem') }
sub serial { return cert_text(identity(), '-serial') }
sub files { return join ' ', sort map { s{.*/}{}r } glob path('fleet/*') }
sub reloads { return scalar(() = read_file('reloads') =~ /new/g) }

# --- with a token ---

my $result = doc('signerctl token');
is($result->{status}, 0, 'a token is made') or diag $result->{err};
my $used = $result->{out};
write_file('etc/token', $used, 0600);
$result = fleet();
is($result->{status}, 0, 'the first certificate, with it') or diag $result->{err};
like(cert_text(identity(), '-subject'), qr/CN = sensor-1\.fleet\.example\.com/, 'with its name');
is(files(), 'identity.pem', 'key and certificate are in one file');
is((stat path('fleet/identity.pem'))[2] & 077, 0, 'which is the device\'s alone');
ok(!-e path('etc/token'), 'the token is gone');
is(reloads(), 1, 'who uses it has been told');

# --- renewal ---

my ($first, $key) = (serial(), identity() =~ /(-----BEGIN PRIVATE.*?END PRIVATE)/s);
is(fleet($_)->{status}, 0, "after $_ of 90 days") for 0, 66;
is(serial(), $first, 'there is nothing to do');
is(reloads(), 1, 'and nobody is told');
$result = fleet(68);
is($result->{status}, 0, 'after three quarters it is renewed') or diag $result->{err};
my $second = serial();
isnt($second, $first, 'by another one');
unlike(identity(), qr/\Q$key\E/, 'with a new key');
is(files(), 'identity.pem', 'nothing else is left');
is(reloads(), 2, 'who uses it has been told');
is(run(qw(openssl verify -purpose sslclient -CAfile), path('etc/root.pem'), '-untrusted', path('fleet/identity.pem'),
    path('fleet/identity.pem'))->{status}, 0, 'OpenSSL takes it');
is(fleet()->{status}, 0, 'the next run');
is(serial(), $second, 'has nothing to do');

# One that ended when the certificate was there, but not everything else.
($key) = identity() =~ /(-----BEGIN PRIVATE.*?END PRIVATE KEY-----\n)/s;
write_file('fleet/next.key', $key, 0600);
must(qw(openssl req -new -subj /CN=sensor-1.fleet.example.com -key), path('fleet/next.key'), '-out', path('fleet/next.csr'));
is(fleet(68)->{status}, 0, 'a renewal beside leftovers of the last one');
isnt(serial(), $second, 'is one');
unlike(identity(), qr/\Q$key\E/, 'with a new key');
is(files(), 'identity.pem', 'and nothing is left then');

# A token is good once: nobody else gets a certificate with it.
unlink path('fleet/identity.pem');
write_file('etc/token', $used, 0600);
$result = fleet();
isnt($result->{status}, 0, 'a token that is used up');
like($result->{err}, qr/does not accept the credentials/, 'is refused');
is(files(), 'next.csr next.key', 'the request is kept for the next try');
unlink path('etc/token');
unlink glob path('fleet/*');

# --- with the vendor's certificate ---

sub factory {
    my ($ca) = @_;
    my $csr = new_csr($ca, "/CN=serial 4711");
    must(qw(openssl x509 -req -days 2 -in), $csr, '-CA', path("$ca/issuing.pem"), '-CAkey', path("$ca/issuing.key"),
        '-CAcreateserial', '-out', path("$ca.crt"));
    write_file('etc/factory.pem', read_file("$ca.crt"));
    write_file('etc/factory.key', read_file("$ca.key"), 0600);
    return;
}
factory('other');
isnt(fleet()->{status}, 0, 'the certificate of another vendor is refused');
unlink glob path('fleet/*');
factory('vendor');
$result = fleet();
is($result->{status}, 0, 'the first certificate, with that of the vendor') or diag $result->{err};
like(cert_text(identity(), '-subject'), qr/CN = sensor-1\.fleet\.example\.com/, 'has the name of the plan');

# --- a device that was stolen ---

my $stolen = lc((serial() =~ /=(\w+)/)[0]);
is(signerctl('revoke', $stolen)->{status}, 0, 'it is revoked');
$result = fleet(80);
isnt($result->{status}, 0, 'and not renewed');
like($result->{err}, qr/the server (?:refuses|does not accept)/, 'by the server') or diag $result->{err};
is(lc((serial() =~ /=(\w+)/)[0]), $stolen, 'what is there is left alone');
