# What a test file uses: a real signerd and a real nginx in a folder of their own, a CA, and
# requests through curl. Exports Test::More, Enroll::Process and Enroll::Pki as well.
package Enroll::Test;
use strict;
use warnings;

BEGIN {
    die "run it from the root of the tree: t/run FILE\n" if !-d 't/lib/Enroll';
    require Cwd;
    my $build = $ENV{BUILD} || Cwd::getcwd() . '/build';
    $ENV{ENROLL_BIN} ||= "$build/bin";
    $ENV{ENROLL_MODULES} ||= "$build/modules";
    # To nginx itself the variable NGINX means inherited sockets.
    my $nginx = delete $ENV{NGINX};
    $ENV{ENROLL_NGINX} ||= $nginx || '/usr/sbin/nginx';
}

use Enroll::Pki;
use Enroll::Process;
use Exporter 'import';
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP ();
use Test::More;

our @EXPORT = (
    grep({ /^\w/ } @Test::More::EXPORT), @Enroll::Process::EXPORT, @Enroll::Pki::EXPORT,
    qw(start_signerd signerd_config reload_signerd signerctl audit_rows start_nginx nginx_test
        reload_nginx http get post)
);

my $requests = 0;

# --- signerd ---

# One CA, path('ca'), one profile, "device"; the arguments replace members of the top level. There
# are no CRLs, whose records would stand between those that tests count: see Enroll::Revocation.
sub signerd_config {
    my (%change) = @_;
    my ($user, $ca) = ($< + 0, path('ca'));
    return {
        id => 'signerd-test',
        store => path('signerd.db'),
        cas => {issuing => {
            tenant => 'test', certificate => "$ca/chain.pem", key => "file:$ca/issuing.key",
            crl => {enabled => JSON::PP::false()}}},
        profiles => {device => {
            ca => 'issuing',
            validity => '90d',
            keys => ['rsa:2048-4096', 'ec:P-256', 'ec:P-384', 'ed25519'],
            subject => {map { $_ => {} } qw(CN O OU C serialNumber)},
            san => {dns => ['**'], email => ['**'], uri => ['**'], ip => ['0.0.0.0/0']},
            key_usage => ['digitalSignature', 'keyEncipherment'],
            extended_key_usage => ['clientAuth', 'serverAuth']}},
        listen => [
            {path => path('signerd.sock'), mode => '0600', peers => [
                {name => 'nginx', user => $user, role => 'frontend', profiles => '*'}]},
            {path => path('admin.sock'), mode => '0600', peers => [
                {name => 'operator', user => $user, role => 'admin'}]}],
        %change,
    };
}

# Arguments as for signerd_config(), or a whole configuration.
sub config_of { return ref $_[0] ? $_[0] : signerd_config(@_) }

sub write_config {
    my ($config) = @_;
    return write_file('signerd.json', JSON::PP->new->pretty->canonical->encode($config));
}

sub start_signerd {
    ca_init() if !-d path('ca');
    my $config = config_of(@_);
    my @sockets = map { $_->{path} } @{$config->{listen}};
    start('signerd', $ENV{SIGNERD} // "$ENV{ENROLL_BIN}/signerd", '-c', write_config($config));
    wait_ready('signerd', sub { !grep { !IO::Socket::UNIX->new(Peer => $_) } @sockets });
    return;
}

sub reload_signerd {
    write_config(config_of(@_));
    kill 'HUP', pid_of('signerd');
    return;
}

sub signerctl {
    return run("$ENV{ENROLL_BIN}/signerctl", '--socket', path('admin.sock'), @_);
}

sub audit_rows {
    my $result = signerctl(qw(--json audit list));
    die $result->{err} if $result->{status};
    return @{JSON::PP::decode_json($result->{out})};
}

# --- nginx ---

# %%DIR%% is path(), %%PORT%% the port of the HTTPS server, %%PORT:name%% that of a name.
sub expand {
    my ($text) = @_;
    $text =~ s/%%DIR%%/path()/ge;
    $text =~ s/%%PORT(?::(\w+))?%%/port($1 || 'https')/ge;
    return $text;
}

sub server_certificate {
    my $ca = path('ca');
    my $csr = new_csr('server', '/CN=localhost');
    my $names = write_file('server.ext', 'subjectAltName=DNS:localhost,IP:127.0.0.1');
    must(qw(openssl x509 -req -days 2 -in), $csr, '-CA', "$ca/issuing.pem", '-CAkey',
        "$ca/issuing.key", '-CAcreateserial', '-extfile', $names, '-out', path('server.crt'));
    write_file('server.pem', read_file('server.crt') . slurp("$ca/issuing.pem"));
    return;
}

# $server: text of the server block. Options: http, main: text beside and above it; listen:
# parameters of its listen directive; signerd: its upstream, default the Unix socket; keepalive:
# connections to it that are kept; workers: how many processes; events: text of that block.
sub nginx_conf {
    my ($server, %option) = @_;
    ca_init() if !-d path('ca');
    server_certificate() if !-e path('server.pem');
    my $user = $< == 0 ? 'user root;' : '';    # else workers are "nobody", and this is ours
    my $listen = $option{listen} || 'ssl';
    my $keepalive = $option{keepalive} || 8;
    my $workers = $option{workers} || 1;
    my ($http, $main, $events) = map { $_ // '' } @option{qw(http main events)};
    my $signerd = $option{signerd} || 'server unix:%%DIR%%/signerd.sock;';
    my @temp = map { "${_}_temp_path %%DIR%%/$_;" } qw(client_body proxy fastcgi uwsgi scgi);
    my @load = map { "load_module $_;" } sort glob "$ENV{ENROLL_MODULES}/*.so";
    return write_file('nginx.conf', expand(<<"END"));
daemon off; worker_processes $workers; $user
pid %%DIR%%/nginx.pid; error_log %%DIR%%/error.log info;
@load
$main
events { $events }
http {
    access_log %%DIR%%/access.log;
    @temp
    upstream signerd { $signerd keepalive $keepalive; }
    $http
    server {
        listen 127.0.0.1:%%PORT%% $listen;
        server_name localhost;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        ssl_verify_client optional_no_ca;
        $server
    }
}
END
}

sub nginx_command {
    my ($error_log, @arguments) = @_;
    my $conf = nginx_conf(@arguments);
    return ($ENV{ENROLL_NGINX}, '-p', path() . '/', '-e', $error_log, '-c', $conf);
}

# The result of nginx -t: what is wrong in a configuration is in {err}.
sub nginx_test { return run(nginx_command('stderr', @_), '-t') }

sub start_nginx {
    start('nginx', nginx_command(path('error.log'), @_));
    my $address = '127.0.0.1:' . port('https');
    wait_ready('nginx', sub { IO::Socket::INET->new(PeerAddr => $address) });
    return;
}

sub reload_nginx {
    nginx_conf(@_);
    kill 'HUP', pid_of('nginx');
    return;
}

# A request by curl, whose options follow the URL or path: {status, headers (names in lower
# case), body, err}. Status 0: no answer.
sub http {
    my ($url, @options) = @_;
    $url = 'https://localhost:' . port('https') . $url if $url =~ m{^/};
    my ($head, $body) = map { 'http' . $requests . $_ } qw(.head .body);
    $requests++;
    my $result = run(qw(curl -sS --http1.1 --max-time 60 -w %{http_code} -D), path($head),
        '-o', path($body), '--cacert', path('ca/root.pem'), @options, $url);
    my ($last) = read_file($head) =~ /.*(^HTTP.*)/ms;
    my %headers = map { /^([^:]+):\s*(.*?)\r?$/ ? (lc $1, $2) : () } split /\n/, $last // '';
    return {status => $result->{out} + 0, headers => \%headers, err => $result->{err},
        body => read_file($body)};
}

sub get { return http(@_) }

# A PKCS#10 unless an option (-H => 'Content-Type: ...') says otherwise.
sub post {
    my ($url, $body, @options) = @_;
    my $file = write_file("body$requests", $body);
    push @options, -H => 'Content-Type: application/pkcs10'
        if !grep { /^content-type:/i } @options;
    return http($url, '--data-binary', "\@$file", @options);
}

1;
