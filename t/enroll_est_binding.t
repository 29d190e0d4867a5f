# Tokens, csrattrs and channel binding of the client, against a small server of EST that looks at
# what comes and knows its own end of the TLS connection.
use strict;
use warnings;
use Enroll::Test;
use IO::Socket::SSL;
use MIME::Base64 ();
use POSIX ();

ca_init();
Enroll::Test::server_certificate();
delete $ENV{ENROLL_TOKEN};

# --- the server ---

sub binding {
    my ($socket) = @_;
    my $ssl = $socket->_get_ssl_object;
    return Net::SSLeay::export_keying_material($ssl, 32, 'EXPORTER-Channel-Binding', '')
        if $socket->get_sslversion eq 'TLSv1_3';
    my $first;
    if (Net::SSLeay::session_reused($ssl)) { Net::SSLeay::get_finished($ssl, $first) }
    else { Net::SSLeay::get_peer_finished($ssl, $first) }
    return $first;
}

sub certs_only {
    my (@files) = @_;
    my $pem = must(qw(openssl crl2pkcs7 -nocrl), map { (-certfile => $_) } @files);
    return $pem =~ s/-----.*?-----\n//gr;
}

# The challengePassword of a CSR in base64, and a certificate for it.
sub challenge_of {
    my ($csr) = @_;
    my $text = run({in => MIME::Base64::decode_base64($csr)}, qw(openssl req -inform DER -noout -text))->{out};
    return $text =~ /challengePassword\s*:(\S+)/ ? $1 : '';
}

sub issue {
    my ($csr) = @_;
    my $der = write_file("issue-$$.csr", MIME::Base64::decode_base64($csr));
    must(qw(openssl x509 -req -inform DER -days 2 -in), $der, '-CA', path('ca/issuing.pem'), '-CAkey',
        path('ca/issuing.key'), '-CAcreateserial', '-out', path("issue-$$.pem"));
    return certs_only(path("issue-$$.pem"));
}

sub remember {
    my ($name, @words) = @_;
    open my $out, '>>', path("$name.seen") or die $!;
    syswrite $out, "@words\n";
    return;
}

sub answer {
    my ($name, $socket, $request, $option) = @_;
    my ($method, $target, $headers, $body) = @$request;
    my $kind = 'application/pkcs7-mime; smime-type=certs-only';
    return (200, $kind, certs_only(path('ca/chain.pem'))) if $target =~ /cacerts/;
    return ($option->{csrattrs} ? 200 : 204, 'application/csrattrs', $option->{csrattrs} // '') if $target =~ /csrattrs/;
    return (404, 'text/plain', '') if $target =~ /serverkeygen|fullcmc/;
    return (401, 'text/plain', '') if $body eq '';
    my $challenge = challenge_of($body);
    my $bound = $challenge eq MIME::Base64::encode_base64(binding($socket), '') ? 'bound' : $challenge ? 'other' : 'free';
    remember($name, $bound, $headers->{authorization} // 'nobody');
    return (200, $kind, issue($body));
}

sub converse {
    my ($name, $socket, $option) = @_;
    while (defined(my $line = <$socket>)) {
        my ($method, $target) = split ' ', $line;
        my %headers;
        while (defined($line = <$socket>) && $line =~ /^([^:]+):\s*(.*?)\r?$/) { $headers{lc $1} = $2 }
        my $body = '';
        read $socket, $body, $headers{'content-length'} if $headers{'content-length'};
        my ($status, $type, $text) = answer($name, $socket, [$method, $target, \%headers, $body], $option);
        my $realm = $status == 401 ? 'Bearer realm="est"' : 'none';
        my $end = $option->{close} ? 'Connection: close' : 'Connection: keep-alive';
        print {$socket} join "\r\n", "HTTP/1.1 $status X", "Content-Type: $type", 'Content-Length: ' . length $text, $end,
            "WWW-Authenticate: $realm", '', $text;
        last if $option->{close};
    }
    return;
}

sub est_server {
    my ($name, %option) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => port($name), Listen => 5, ReuseAddr => 1) or die $!;
    start($name, sub {
        $SIG{TERM} = sub { POSIX::_exit(0) };
        my $context = IO::Socket::SSL::SSL_Context->new(SSL_server => 1, SSL_cert_file => path('server.pem'),
            SSL_key_file => path('server.key'), SSL_version => $option{version} // 'TLSv1_3');
        while (my $socket = $listener->accept) {
            IO::Socket::SSL->start_SSL($socket, SSL_server => 1, SSL_reuse_ctx => $context) or next;
            converse($name, $socket, \%option);
            $socket->close;
        }
    });
    close $listener;
    return;
}

# P-384, O=Example and a challengePassword, in the form of RFC 7030 4.5.2.
sub tlv { my ($tag, @parts) = @_; my $text = join '', @parts; return pack('CC', $tag, length $text) . $text }
sub der_attributes {
    my $ec = pack 'H*', '06072a8648ce3d0201';
    my $p384 = pack 'H*', '06052b81040022';
    my $o = pack 'H*', '060355040a';
    my $challenge = pack 'H*', '06092a864886f70d010907';
    return tlv(0x30, tlv(0x30, $ec, tlv(0x31, $p384)), tlv(0x30, $o, tlv(0x31, tlv(0x0c, 'Example'))), $challenge);
}

sub client {
    my ($server, $command, @options) = @_;
    return run("$ENV{ENROLL_BIN}/enroll", 'est', $command, '--url', 'https://localhost:' . port($server), '--cacert',
        path('ca/root.pem'), @options);
}
sub enroll {
    my ($server, $name, @options) = @_;
    return client($server, 'enroll', '--key', path("$name.key"), '--out', path("$name.pem"), '--subject', "CN=$name", @options);
}
sub seen { my ($name) = @_; return (split /\n/, read_file("$name.seen"))[-1] // 'nothing' }

# --- channel binding ---

for my $case ([tls13 => 'TLSv1_3'], [tls12 => 'TLSv1_2']) {
    my ($name, $version) = @$case;
    est_server($name, version => $version);
    my $result = enroll($name, 'bound', '--channel-binding');
    is($result->{status}, 0, "$name: a request that is tied to its connection") or diag $result->{err};
    is(seen($name), 'bound nobody', 'the server sees so');
    is(enroll($name, 'free')->{status}, 0, 'one that is not');
    is(seen($name), 'free nobody', 'has no challengePassword');
}

est_server('closing', close => 1);
my $result = enroll('closing', 'closed', '--channel-binding');
is($result->{status}, 3, 'a server that closes each connection: 3');
like($result->{err}, qr/the server has closed the connection/, 'said so') or diag $result->{err};
is(seen('closing'), 'nothing', 'nothing was sent on another connection');
is(enroll('closing', 'closed')->{status}, 0, 'without binding it goes');
is(client('tls13', 'enroll', '--key', path('a.key'), '--subject', 'CN=a', '--channel-binding', '--csr', path('a.csr'))->{status},
    2, 'a request that is kept cannot be bound');

# --- tokens ---

write_file('token', "b64_token-1.~+/=\n", 0600);
is(enroll('tls13', 'token', '--token-file', path('token'))->{status}, 0, 'a token from a file');
is(seen('tls13'), 'free Bearer b64_token-1.~+/=', 'as RFC 6750 has it');
$ENV{ENROLL_TOKEN} = 'from-the-environment';
is(enroll('tls13', 'token', '--bearer', '--channel-binding')->{status}, 0, 'from the environment, with channel binding');
is(seen('tls13'), 'bound Bearer from-the-environment', 'both came');
is(enroll('tls13', 'token')->{status}, 0, 'and not when nobody says so');
is(seen('tls13'), 'free nobody', 'is it shown');
$ENV{ENROLL_TOKEN} = "a\r\nX: y";
$result = enroll('tls13', 'token', '--bearer');
is($result->{status}, 1, 'no line breaks in a token');
unlike($result->{err}, qr/X: y/, 'which is not told');
delete $ENV{ENROLL_TOKEN};
is(enroll('tls13', 'token', '--bearer', '--user', 'demo')->{status}, 2, 'not with a password');

# --- what the server asks for ---

est_server('asking', csrattrs => MIME::Base64::encode_base64(der_attributes()));
$result = client('asking', 'csrattrs');
is($result->{out}, "key: ec:P-384\nsubject: O=Example\nattributes: challengePassword\n", 'csrattrs in words') or diag $result->{err};
$result = client('asking', 'csrattrs', '--json', '--out', path('attrs.der'));
my $told = JSON::PP::decode_json($result->{out});
is_deeply([@$told{qw(key_types subject attributes)}], [['ec:P-384'], 'O=Example', ['challengePassword']], 'as JSON');
is(read_file('attrs.der'), der_attributes(), 'and as they came');
$result = enroll('asking', 'wished', '--csrattrs');
is($result->{status}, 1, 'what cannot be done is refused here');
like($result->{err}, qr/the server asks for --channel-binding: challengePassword/, 'by its name');
ok(!-e path('wished.key'), 'before a key is made');
is(enroll('asking', 'wished', '--csrattrs', '--channel-binding')->{status}, 0, 'and done with it');
like(cert_text(read_file('wished.pem')), qr/secp384r1/, 'the key is the one asked for');
like(cert_text(read_file('wished.pem'), '-subject'), qr/CN = wished, O = Example/, 'the subject as well');
is(enroll('asking', 'free', '--csrattrs', '--channel-binding')->{status}, 1, 'a key of another kind that is there');

# --- a look from outside ---

$result = client('tls12', 'test');
like($result->{out}, qr/^tls +ok +TLSv1\.2, /m, 'test: the connection') or diag $result->{err};
is($result->{status}, 0, 'test: nothing is wrong');
like($result->{out}, qr/^cacerts +ok +2 certificates/m, 'test: cacerts');
like($result->{out}, qr/^csrattrs +ok +nothing is asked for/m, 'test: csrattrs');
like($result->{out}, qr/^simpleenroll +ok +asks for credentials: Bearer/m, 'test: which credentials');
like($result->{out}, qr/^serverkeygen +ok +not there/m, 'test: what is not there');
is(JSON::PP::decode_json(client('tls13', 'test', '--json')->{out})->{tests}[0]{what}, 'tls', 'test: as JSON');
is(run("$ENV{ENROLL_BIN}/enroll", qw(est test --url), 'https://localhost:' . port('nobody'))->{status}, 3, 'test: nobody there');
