# What the benchmarks share: a server with processors of its own, the load, and what both cost.
# Runs on top of the harness of the tests, which makes the folder and stops everything.
package Enroll::Bench;
use strict;
use warnings;
use Enroll::Test;
use Exporter 'import';
use JSON::PP ();
use POSIX ();

our @EXPORT = qw(processors cpus_of tool json_of pinned make_ca make_csrs make_messages
    make_cmp_messages start_server stop_server load scep_load cmp_load cmp_sender together usage_of usages signerd_status);

my $ticks = POSIX::sysconf(POSIX::_SC_CLK_TCK());
my $challenge = 'open sesame';

sub processors { return qx(nproc) + 0 }

# one: the server on the first, the load on the second. all: no processor of its own for either.
sub cpus_of {
    my ($pass, $who) = @_;
    return '0-' . (processors() - 1) if $pass eq 'all';
    return $who eq 'server' ? '0' : '1';
}

sub tool { my ($name) = @_; return "$ENV{ENROLL_BIN}/../bench/$name" }

sub pinned { my ($cpus, @command) = @_; return ('taskset', '-c', $cpus, @command) }

sub json_of { return JSON::PP::decode_json(must(@_)) }

sub make_ca { my ($name, $key) = @_; return ca_init($name, '--key', $key) }

# path("$name.csrs"): distinct CSRs, as est_load reads them.
sub make_csrs {
    my ($name, $key, $count) = @_;
    must(tool('est_load'), '--make', path("$name.csrs"), '--key', $key, '--requests', $count);
    return;
}

# path("$name.messages"): distinct PKCSReqs for an RA that this CA has made for it, as scep_load
# reads them.
sub make_messages {
    my ($name, $ca, $count) = @_;
    start_signerd(config_with($ca));
    must("$ENV{ENROLL_BIN}/signerctl", '--socket', path('admin.sock'), qw(ra issue --subject), 'CN=RA',
        '--key-type', 'rsa:2048', '--key', path("$name.ra.key"), '--out', path("$name.ra.pem"));
    stop('signerd');
    must(tool('scep_load'), '--make', path("$name.messages"), '--ra', path("$name.ra.pem"),
        '--challenge', $challenge, '--requests', $count);
    return;
}

# path("$name.messages"): distinct requests as cmp_load reads them, all by one device with a
# certificate of its vendor or, with the option secret, with a shared secret. Options: type (ir,
# p10cr), implicit.
sub make_cmp_messages {
    my ($name, $ca, $count, %option) = @_;
    make_device() if !-e path('device.pem');
    cmp_certificate("$name.cmp", path("$ca/issuing.pem"), path("$ca/issuing.key"));
    write_file('cmp-secrets', "bench:$challenge\n", 0600);
    my @implicit = $option{implicit} ? ('--implicit', 'yes') : ();
    must(tool('cmp_load'), '--make', path("$name.messages"), '--type', $option{type}, '--requests', $count, @implicit,
        cmp_sender($option{secret}));
    return;
}

sub make_device {
    new_key('vendor');
    must(qw(openssl req -x509 -new -days 2 -subj /CN=vendor -key), path('vendor.key'), '-out', path('vendor.pem'));
    cmp_certificate('device', path('vendor.pem'), path('vendor.key'));
    return;
}

sub cmp_certificate {
    my ($name, $ca, $key) = @_;
    my $extensions = write_file("$name.ext", "keyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\n");
    must(qw(openssl x509 -req -days 2 -in), new_csr($name, "/CN=$name"), '-CA', $ca, '-CAkey', $key,
        '-CAcreateserial', '-extfile', $extensions, '-out', path("$name.pem"));
    return;
}

# Who sends: options of cmp_load.
sub cmp_sender {
    my ($secret) = @_;
    return $secret ? ('--secret', $challenge, '--reference', 'bench')
        : ('--key', path('device.key'), '--cert', path('device.pem'));
}

# --- the server ---

sub config_with {
    my ($ca) = @_;
    return signerd_config(cas => {issuing => {tenant => 'test',
        certificate => path("$ca/chain.pem"), key => 'file:' . path("$ca/issuing.key")}});
}

sub allow_scep {
    my ($config) = @_;
    my $file = write_file('secrets', "$challenge\n", 0600);
    $config->{challenges} = {bench => {type => 'static', file => $file}};
    $config->{profiles}{device}{scep} = {challenges => ['bench']};
    return;
}

# A server without TLS, as most clients of SCEP and CMP have it.
sub plain_server {
    my ($locations) = @_;
    return <<"END";
    server {
        listen 127.0.0.1:%%PORT:http%%;
        access_log off;
        keepalive_requests 1000000;
        $locations
    }
END
}

sub scep_location {
    my ($ra, $more) = @_;
    return "location = /scep { scep_pass signerd; scep_profile device; $more"
        . " scep_ra_certificate %%DIR%%/$ra.ra.pem; scep_ra_certificate_key %%DIR%%/$ra.ra.key; }\n";
}

sub cmp_location {
    my ($name) = @_;
    return 'location = /cmp { cmp_pass signerd; cmp_profile device; cmp_trusted_certificate %%DIR%%/vendor.pem;'
        . " cmp_certificate %%DIR%%/$name.cmp.pem; cmp_certificate_key %%DIR%%/$name.cmp.key;"
        . " cmp_secrets %%DIR%%/cmp-secrets; }\n";
}

sub children_of {
    my ($parent) = @_;
    return grep { slurp("/proc/$_/stat") =~ /\) \S $parent / } map { m{(\d+)$} } glob '/proc/[0-9]*';
}

# CPU seconds of these processes, and the sum of their peaks of memory in KiB.
sub usage_of {
    my (@pids) = @_;
    my ($cpu, $peak) = (0, 0);
    for my $pid (@pids) {
        my ($user, $system) = (split ' ', slurp("/proc/$pid/stat") =~ s/.*\) //r)[11, 12];
        $cpu += ($user + $system) / $ticks;
        $peak += slurp("/proc/$pid/status") =~ /VmHWM:\s+(\d+)/ ? $1 : 0;
    }
    return {cpu => $cpu, peak => $peak};
}

sub usages {
    my ($processes) = @_;
    return {map { $_ => usage_of(@{$processes->{$_}}) } keys %$processes};
}

# A fresh store, so that no figure pays for those before it. $ca: of make_ca(). Options: mtls,
# once_verified (the CSR's signature in nginx only), est (more directives of its location),
# store (a file that is copied), ra (the name of make_messages(): there is SCEP too), scep (more
# directives of its location), cmp (the name of make_cmp_messages(): there is CMP too).
# Gives the process ids of nginx (workers), front and key_child.
sub start_server {
    my ($ca, $pass, %option) = @_;
    unlink glob path('signerd.db*');
    must('cp', $option{store}, path('signerd.db')) if $option{store};
    my $config = config_with($ca);
    allow_scep($config) if $option{ra};
    $config->{profiles}{device}{cmp} = {names => 'any', implicit_confirm => JSON::PP::true()} if $option{cmp};
    $config->{listen}[0]{peers}[0]{verify_possession} = JSON::PP::false() if $option{once_verified};
    start_signerd($config);
    my $workers = $pass eq 'one' ? 1 : processors();
    my $tickets = $option{mtls} ? 'off' : 'on';
    my $auth = $option{mtls} ? 'est_auth mtls; est_client_certificate %%DIR%%/ca/root.pem;'
                             : 'est_auth none;';
    my $static = 'location /static { return 200 "' . 'x' x ($option{ra} ? 2400 : 1100) . '"; }';
    my $plain = ($option{ra} ? scep_location($option{ra}, $option{scep} || '') : '')
        . ($option{cmp} ? cmp_location($option{cmp}) : '');
    my %more = (workers => $workers, keepalive => 64, events => 'worker_connections 4096;');
    $more{http} = plain_server($plain . $static) if $plain;
    start_nginx(<<"END", %more);
        access_log off;
        ssl_session_cache shared:tls:20m;
        ssl_session_tickets $tickets;
        keepalive_requests 1000000;
        location /.well-known/est/ { est_pass signerd; est_profile device; $auth @{[$option{est} || '']} }
        $static
END
    my ($front, $master) = map { pid_of($_) } qw(signerd nginx);
    wait_until(sub { children_of($master) == $workers }) or die "no workers\n";
    my %processes = (front => [$front], key_child => [children_of($front)],
        nginx => [children_of($master)]);
    must(qw(taskset -a -p -c), cpus_of($pass, 'server'), $_) for map { @$_ } values %processes;
    return \%processes;
}

sub stop_server { stop($_) for qw(nginx signerd); return }

sub signerd_status {
    return json_of("$ENV{ENROLL_BIN}/signerctl", '--socket', path('admin.sock'), qw(--json status));
}

# The command of a load; its report is its output.
sub load {
    my ($pass, @options) = @_;
    return pinned(cpus_of($pass, 'load'), tool('est_load'), '--port', port('https'), @options);
}

sub scep_load {
    my ($pass, @options) = @_;
    return pinned(cpus_of($pass, 'load'), tool('scep_load'), '--port', port('http'), @options);
}

sub cmp_load {
    my ($pass, @options) = @_;
    return pinned(cpus_of($pass, 'load'), tool('cmp_load'), '--port', port('http'), @options);
}

# Runs several loads at the same time, within so many seconds; gives their reports.
sub together {
    my ($seconds, %loads) = @_;
    for my $name (keys %loads) {
        unlink path("$name.log");
        start($name, @{$loads{$name}});
    }
    wait_until(sub { !grep { alive($_) } keys %loads }, $seconds) or die "a load does not end\n";
    return map { $_ => JSON::PP::decode_json(read_file("$_.log")) } keys %loads;
}

1;
