# Client certificates: each location has its own anchors, on resumed sessions too.
use strict;
use warnings;
use Enroll::Test;
use IO::Socket::SSL;

ca_init();
ca_init('other', '--root-name', 'CN=Other Root', '--name', 'CN=Other Issuing');
write_file('passwords', "demo:{PLAIN}secret\n");
start_signerd();
my $common = 'est_pass signerd; est_profile device;';
start_nginx(<<"END");
    location /.well-known/est/open/ { $common est_auth none; }
    location /.well-known/est/ours/ {
        $common est_auth mtls; est_client_certificate %%DIR%%/ca/chain.pem;
    }
    location /.well-known/est/theirs/ {
        $common est_auth mtls; est_client_certificate %%DIR%%/other/chain.pem;
    }
    location /.well-known/est/root/ {
        $common est_auth mtls; est_client_certificate %%DIR%%/ca/root.pem;
    }
    location /.well-known/est/either/ {
        $common est_auth mtls basic; est_client_certificate %%DIR%%/ca/chain.pem;
        est_password_file %%DIR%%/passwords;
    }
    location /.well-known/est/both/ {
        $common est_auth mtls basic; est_satisfy all;
        est_client_certificate %%DIR%%/ca/chain.pem; est_password_file %%DIR%%/passwords;
    }
END

sub url { my ($label, $operation) = @_; return "/.well-known/est/$label/" . ($operation || 'simpleenroll') }

new_csr('device', '/CN=device-1');
my $csr = read_file('device.csr');
my ($certificate) = certificates(post(url('open'), $csr)->{body});
write_file('device.pem', $certificate);
write_file('device.chain', $certificate . read_file('ca/issuing.pem'));
my @device = ('--cert', path('device.pem'), '--key', path('device.key'));

# A certificate of the other CA, and one of ours that is no client's.
sub signed_by {
    my ($name, $ca, @extension) = @_;
    new_csr($name, "/CN=$name");
    write_file("$name.ext", join "\n", @extension, '');
    run(qw(openssl x509 -req -days 2 -in), path("$name.csr"), '-CA', path("$ca/issuing.pem"),
        '-CAkey', path("$ca/issuing.key"), '-extfile', path("$name.ext"), '-out', path("$name.pem"));
    return ('--cert', path("$name.pem"), '--key', path("$name.key"));
}
my @foreign = signed_by('foreign', 'other', 'extendedKeyUsage=clientAuth');
my @server_only = signed_by('serveronly', 'ca', 'extendedKeyUsage=serverAuth');
new_key('selfsigned');
run(qw(openssl req -x509 -days 2 -subj /CN=device-1 -key), path('selfsigned.key'), '-out', path('selfsigned.pem'));
my @selfsigned = ('--cert', path('selfsigned.pem'), '--key', path('selfsigned.key'));

my @cases = (
    ['a certificate of this CA', 200, 'ours', @device],
    ['over TLS 1.2', 200, 'ours', @device, '--tls-max', '1.2'],
    ['over TLS 1.3', 200, 'ours', @device, '--tlsv1.3'],
    ['nothing', 401, 'ours'],
    ['a password where certificates count', 401, 'ours', -u => 'demo:secret'],
    ['a certificate of another CA', 401, 'ours', @foreign],
    ['a certificate of another CA, over TLS 1.2', 401, 'ours', @foreign, '--tls-max', '1.2'],
    ['our certificate at their location', 401, 'theirs', @device],
    ['their certificate at their location', 200, 'theirs', @foreign],
    ['a self-signed certificate with our name', 401, 'ours', @selfsigned],
    ['a certificate that is not for clients', 401, 'ours', @server_only],
    ['either: the certificate', 200, 'either', @device],
    ['either: the password', 200, 'either', -u => 'demo:secret'],
    ['either: a foreign certificate and the password', 200, 'either', @foreign, -u => 'demo:secret'],
    ['either: a foreign certificate and no password', 401, 'either', @foreign],
    ['either: nothing', 401, 'either'],
    ['both: only the certificate', 401, 'both', @device],
    ['both: only the password', 401, 'both', -u => 'demo:secret'],
    ['both: a wrong password', 401, 'both', @device, -u => 'demo:x'],
    ['both', 200, 'both', @device, -u => 'demo:secret'],
    ['below the root, without the intermediate', 401, 'root', @device],
    ['below the root, with the intermediate', 200, 'root', '--cert', path('device.chain'), '--key', path('device.key')],
);
for my $case (@cases) {
    my ($name, $status, $label, @options) = @$case;
    my $reply = post(url($label), $csr, @options);
    is($reply->{status}, $status, "$name: $status") or diag $reply->{body}, $reply->{err};
    next if $status != 401;
    my $challenge = $label eq 'either' || "@options" =~ /--cert/ && $label eq 'both' ? 'Basic' : 'TLS-Client-Certificate';
    is($reply->{headers}{'www-authenticate'}, qq{$challenge realm="est"}, "$name: the challenge for what is missing");
}

# One TLS session, several connections: the certificate comes out of the session then.
sub exchange {
    my ($version, $context, $label) = @_;
    my $socket = IO::Socket::SSL->new(PeerAddr => '127.0.0.1:' . port('https'),
        SSL_hostname => 'localhost', SSL_reuse_ctx => $context, SSL_version => $version)
        or die $SSL_ERROR;
    print {$socket} join "\r\n", 'POST ' . url($label) . ' HTTP/1.1', 'Host: localhost',
        'Connection: close', 'Content-Type: application/pkcs10', 'Content-Length: ' . length $csr,
        '', $csr;
    my $answer = do { local $/; <$socket> };
    my $resumed = Net::SSLeay::session_reused($socket->_get_ssl_object);
    $socket->close;
    return ($answer =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0, $resumed);
}

for my $version ('TLSv1_2', 'TLSv1_3') {
    for my $case ([\@device, 'ours', 200], [\@foreign, 'ours', 401], [\@foreign, 'theirs', 200]) {
        my ($credential, $label, $status) = @$case;
        my $context = IO::Socket::SSL::SSL_Context->new(SSL_ca_file => path('ca/root.pem'),
            SSL_cert_file => $credential->[1], SSL_key_file => $credential->[3],
            SSL_session_cache_size => 8, SSL_version => $version);
        my @answers = map { [exchange($version, $context, $label)] } 1 .. 3;
        is(join(' ', map { $_->[0] } @answers), "$status $status $status",
            "$version, $label: the same on each connection");
        ok($answers[-1][1], "$version, $label: the last one was resumed");
    }
}

# A kept-alive connection outlives its client's certificate: validity counts at each request.
my $end = time + 4;
write_file('index.txt', '');
write_file('short.cnf', "[ca]\ndefault_ca=c\n[c]\ndatabase=" . path('index.txt') . "\nnew_certs_dir=" . path() .
    "\ndefault_md=sha256\npolicy=p\nrand_serial=yes\n[p]\ncommonName=supplied\n");
new_csr('short', '/CN=short');
run(qw(openssl ca -batch -notext -config), path('short.cnf'), '-in', path('short.csr'), '-cert',
    path('ca/issuing.pem'), '-keyfile', path('ca/issuing.key'), '-enddate',
    POSIX::strftime('%Y%m%d%H%M%SZ', gmtime $end), '-out', path('short.pem'));

sub request_on {
    my ($socket) = @_;
    print {$socket} join "\r\n", 'POST ' . url('ours') . ' HTTP/1.1', 'Host: localhost',
        'Content-Type: application/pkcs10', 'Content-Length: ' . length $csr, '', $csr;
    my $answer = '';
    while (defined(my $line = <$socket>)) { $answer .= $line; last if $line eq "\r\n" }
    my $body = '';
    read $socket, $body, $answer =~ /^Content-Length: (\d+)/m ? $1 : 0;
    return $answer =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0;
}
my $kept = IO::Socket::SSL->new(PeerAddr => '127.0.0.1:' . port('https'), SSL_hostname => 'localhost',
    SSL_ca_file => path('ca/root.pem'), SSL_cert_file => path('short.pem'),
    SSL_key_file => path('short.key')) or die $SSL_ERROR;
is(request_on($kept), 200, 'while the certificate is valid');
wait_until(sub { time > $end + 1 });
is(request_on($kept), 401, 'on the same connection when it has expired');
$kept->close;
