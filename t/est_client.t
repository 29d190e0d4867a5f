# est_client, as small devices have it: built with gcc, with musl and with ASan, and run against
# the real server. What it does to its files, and that no secret is where others look.
use strict;
use warnings;
use Enroll::Test;
use IO::Socket::SSL;
use JSON::PP ();
use POSIX ();

my $source = 'clients/embedded/est_client.c';
my @warnings = split ' ', '-std=c11 -O1 -g -Wall -Wextra -Werror -pedantic';
is(run('gcc', @warnings, '-fsanitize=address,undefined', '-fno-sanitize-recover=all', $source, '-o', path('asan'))->{status}, 0,
    'it builds with ASan');
is(run('musl-gcc', @warnings, '-static', $source, '-o', path('musl'))->{status}, 0, 'with musl, alone in one file');
cmp_ok(scalar(() = slurp($source) =~ /\n/g), '<', 800, 'it is small');
my %build = (gcc => "$ENV{ENROLL_BIN}/est_client", musl => path('musl'), asan => path('asan'));

ca_init();
ca_init('other', '--root-name', 'CN=Other Root', '--name', 'CN=Other Issuing');
chomp(my $slow = must(qw(openssl passwd -6 secret)));
write_file('passwords', "demo:{PLAIN}secret\nslow:$slow\n");
my $config = signerd_config();
$config->{profiles}{slow} = {%{$config->{profiles}{device}}, approval => 'manual'};
$config->{profiles}{narrow} = {%{$config->{profiles}{device}}, san => {}};
start_signerd($config);
my $est = 'est_pass signerd; est_auth basic mtls; est_password_file %%DIR%%/passwords;'
    . ' est_client_certificate %%DIR%%/ca/chain.pem;';
start_nginx(<<"END", http => <<'HTTP');
    location /.well-known/est/ { est_profile device; $est }
    location /.well-known/est/slow/ { est_profile slow; $est }
    location /.well-known/est/narrow/ { est_profile narrow; $est }
    location = /enroll/bootstrap { enroll_pass signerd; enroll_profile device; enroll_bootstrap; }
    location = /enroll/renewal {
        enroll_pass signerd; enroll_profile device; enroll_renewal;
        enroll_client_certificate %%DIR%%/ca/root.pem;
    }
END
    server {
        listen 127.0.0.2:%%PORT:other%% ssl;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
    }
HTTP

my @server = ('--server', 'localhost:' . port('https'), '--ca', path('ca/root.pem'));
write_file('password', "secret\n");
write_file('wrong', "guess\n");
chmod 0600, path($_) for qw(password wrong);
my @password = ('--user', 'demo', '--password-file', path('password'));
my $client = $build{gcc};

sub enroll { my ($name, @options) = @_; return run($client, 'enroll', @server, '--identity', path($name), @options) }
sub renew { my ($name, @options) = @_; return run($client, 'renew', @server, '--identity', path($name), @options) }

sub ends {
    my ($name, $result, $status, $message) = @_;
    is($result->{status}, $status, "$name: exit $status") or diag $result->{out}, $result->{err};
    like($result->{err}, $message, "$name: says why") if $message;
    return;
}

# Files beside an identity; the lock stays.
sub beside { my ($name) = @_; return grep { -e path($name) . $_ } qw(.key .csr .new .chain) }

# The identity is whole: a certificate that verifies, its key, and nothing left beside it.
sub whole {
    my ($name) = @_;
    my $pem = read_file($name);
    is((stat path($name))[2] & 0777, 0600, "$name: nobody else reads it");
    is(run({in => $pem}, qw(openssl pkey -pubout))->{out}, cert_text($pem, '-pubkey'), "$name: key and certificate belong together");
    is(run(qw(openssl verify -CAfile), path('ca/root.pem'), '-untrusted', path($name), path($name))->{status}, 0,
        "$name: it verifies with the root alone");
    is(join(' ', beside($name)), '', "$name: nothing is left beside it");
    return;
}

sub token { chomp(my $token = must("$ENV{ENROLL_BIN}/signerctl", '--socket', path('admin.sock'),
    qw(token create --once --profile device), @_)); return $token }
sub with_token { my ($token, @options) = @_; local $ENV{EST_CLIENT_TOKEN} = $token; return enroll(@options) }

# --- each build: a password, a token, renewals ---

for my $build (qw(gcc musl asan)) {
    $client = $build{$build};
    my $name = "$build.pem";
    ends("$build: a password", enroll($name, @password, '--cn', "$build-1", '--dns', 'host.example'), 0);
    whole($name);
    like(cert_text(read_file($name)), qr/CN ?= ?\Q$build\E-1.*DNS:host\.example/s, "$name: the names that were asked for");
    my $before = read_file($name);
    ends("$build: it is early to renew", renew($name), 0);
    is(read_file($name), $before, "$name: as it was");
    ends("$build: renewal", renew($name, '--before', '100%'), 0);
    whole($name);
    my $after = read_file($name);
    is(cert_text($after, '-subject', '-ext', 'subjectAltName'), cert_text($before, '-subject', '-ext', 'subjectAltName'),
        "$name: the same names");
    isnt(cert_text($after, '-pubkey'), cert_text($before, '-pubkey'), "$name: another key");
    ends("$build: renewal for the same key", renew($name, '--before', 40000 - 4000, '--reuse-key'), 0);
    is(cert_text(read_file($name), '-pubkey'), cert_text($after, '-pubkey'), "$name: the same key");
    my $other = "$build-token.pem";
    ends("$build: a token", with_token(token(), $other, qw(--api enroll --cn), "$build-2"), 0);
    whole($other);
    ends("$build: renewal in JSON", renew($other, qw(--api enroll --before 100%)), 0);
    whole($other);
    ends("$build: RSA", enroll("$build-rsa.pem", @password, qw(--cn rsa --key-type rsa:2048)), 0);
    like(cert_text(read_file("$build-rsa.pem")), qr/\(2048 bit\)/, "$build: an RSA key");
}
$client = $build{asan};    # from here on

# A run that ended with the new identity in place, and its key and request beside it.
write_file('keeps', "#!/bin/sh\n[ \"\$1\" != verify ] || for f in key csr; do cp -p '" . path('gcc.pem') . "'.\$f '"
    . path('kept') . "'.\$f; done\nexec openssl \"\$@\"\n");
chmod 0700, path('keeps');
$client = $build{gcc};
ends('a renewal', renew('gcc.pem', '--before', '100%', '--openssl', path('keeps')), 0);
rename path("kept.$_"), path("gcc.pem.$_") for qw(key csr);
my $renewed = read_file('gcc.pem');
ends('the next one', renew('gcc.pem', '--before', '100%'), 0);
whole('gcc.pem');
isnt(cert_text(read_file('gcc.pem'), '-pubkey'), cert_text($renewed, '-pubkey'), 'is not for the key that is in use');
$client = $build{asan};

# --- who is not who he should be ---

my $file = 'gcc.pem';
my $kept = read_file($file);
ends('a wrong password', enroll('a.pem', '--cn', 'a', '--user', 'demo', '--password-file', path('wrong')), 5, qr/401/);
ends('no password', enroll('a.pem', '--cn', 'a'), 5);
ok(!-e path('a.pem'), 'no identity');
ok(-e path('a.pem.key') && ((stat path('a.pem.key'))[2] & 0777) == 0600, 'the key of the request waits, and is private');
my $waiting = read_file('a.pem.key');
ends('the right one', enroll('a.pem', '--cn', 'a', @password), 0);
like(read_file('a.pem'), qr/\Q$waiting\E/, 'gets a certificate for that key');
ends('a token that is none', with_token('A' x 32, qw(b.pem --api enroll --cn b)), 5, qr/401/);
ends('a CA that the server is not of', run($client, 'enroll', '--server', 'localhost:' . port('https'), '--ca',
    path('other/root.pem'), '--identity', path('c.pem'), '--cn', 'c', @password), 4, qr/another server/);
ends('an address', run($client, 'enroll', '--server', '127.0.0.1:' . port('https'), '--ca', path('ca/root.pem'),
    '--identity', path('address.pem'), '--cn', 'c', @password), 0);
ends('one that the certificate of the server has not', run($client, 'enroll', '--server', '127.0.0.2:' . port('other'),
    '--ca', path('ca/root.pem'), '--identity', path('c.pem'), '--cn', 'c', @password), 4, qr/another server/);
ends('nobody there', run($client, 'enroll', '--server', 'localhost:' . port('nobody'), '--ca', path('ca/root.pem'),
    '--identity', path('c.pem'), '--cn', 'c', @password), 3, qr/no answer/);
ends('a name that the profile refuses', enroll('d.pem', qw(--path /.well-known/est/narrow --cn d --dns d.example), @password), 6,
    qr/the server says: .*\(403\)/s);
is(join(' ', beside('d.pem')), '', 'its request is forgotten');
ends('a person has to approve', enroll('e.pem', qw(--path /.well-known/est/slow --cn e), @password), 7, qr/again in \d+ seconds/);
my ($request) = must("$ENV{ENROLL_BIN}/signerctl", '--socket', path('admin.sock'), qw(--json request list)) =~ /"id": ?(\d+)/;
is(signerctl(qw(request approve), $request)->{status}, 0, 'who does');
ends('the same command', enroll('e.pem', qw(--path /.well-known/est/slow --cn e), @password), 0);
whole('e.pem');

# --- what means something to a shell or to openssl ---

for my $cn ('$(touch pwned)', 'a;touch pwned', 'a`id`', 'a/O=b', "a\nb", '', 'a' x 65, 'a"b', '@file') {
    my $result = enroll('f.pem', '--cn', $cn, @password);
    is($result->{status}, $cn eq '@file' ? 0 : 2, 'a name with characters of a shell: ' . ($cn =~ s/\n/ /r));
}
mkdir path('a b; touch pwned $(id)');
ends('a path with them', enroll('a b; touch pwned $(id)/it\'s.pem', '--cn', 'g', @password), 0);
whole('a b; touch pwned $(id)/it\'s.pem');
ok(!-e 'pwned' && !-e path('pwned'), 'nothing was run');
for my $case (['--server', "localhost:1\r\nX: y"], ['--server', '-connect'], ['--path', '/a b'], ['--dns', 'a,email:b'],
    ['--key-type', 'ec:$x'], ['--before', '1x'], ['--timeout', '0'], ['--api', 'scep'], ['--user', 'a:b'])
{
    ends("@$case" =~ s/\s+/ /gr, enroll('h.pem', '--cn', 'h', @$case), 2);
}
ends('an option that is none', enroll('h.pem', '--cn', 'h', '--insecure'), 2);
ends('no word at all', run($client), 2);
like(run($client, '--help')->{out}, qr/usage: est_client.*Exit codes/s, '--help');

# --- files ---

ends('an identity that is there', enroll($file, '--cn', 'x', @password), 9, qr/there already/);
is(read_file($file), $kept = read_file($file), 'is left alone');
chmod 0640, path($file);
ends('an identity that others read', renew($file, '--before', '100%'), 9, qr/others may read/);
chmod 0600, path($file);
chmod 0644, path('password');
ends('a password that others read', enroll('i.pem', '--cn', 'i', @password), 9, qr/others may read/);
chmod 0600, path('password');
symlink path($file), path('link.pem');
ends('a link', renew('link.pem', '--before', '100%'), 9);
ends('no identity', renew('none.pem'), 9, qr/no such file/);
ends('no CA', run($client, 'enroll', '--server', 'localhost', '--ca', path('none'), '--identity', path('j'), '--cn', 'j'), 9);
ends('in place of it', enroll($file, '--cn', 'forced', '--force', @password), 0);
whole($file);

# --- answers that are cut, or are something else ---

write_file('answer', '');
my $fake = port('fake');
start('fake', sub {
    $SIG{TERM} = sub { POSIX::_exit(0) };
    my $listener = IO::Socket::SSL->new(LocalAddr => '127.0.0.1', LocalPort => $fake, Listen => 8, ReuseAddr => 1,
        SSL_cert_file => path('server.pem'), SSL_key_file => path('server.key')) or die $IO::Socket::SSL::SSL_ERROR;
    while (1) {
        my $socket = $listener->accept or next;
        while (defined(my $line = <$socket>)) { last if $line =~ /^\r?$/ }
        print {$socket} read_file('answer');
        $socket->close;
    }
});
wait_ready('fake', sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . port('fake')) });
my @fake = ('--server', 'localhost:' . port('fake'), '--ca', path('ca/root.pem'), '--identity', path('k.pem'), '--cn', 'k');
my $good = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
my $pem = read_file('ca/issuing.pem') =~ s/\n/\\n/gr;
my $body = qq({"certificate": "$pem", "ca_bundle": "$pem"});
my $chunked = sprintf "%x\r\n%s\r\n0\r\n\r\n", length $body, $body;
for my $case (
    ['nothing', '', 3],
    ['a cut head', "HTTP/1.1 200 OK\r\nContent-Le", 3],
    ['a cut body', "${good}Content-Length: 900\r\n\r\n{", 3],
    ['no length', "$good\r\n$body", 3],
    ['a body with more behind it', "${good}Content-Length: 2\r\n\r\n$body", 3],
    ['no HTTP', "SSH-2.0-OpenSSH\r\n\r\n", 3],
    ['a cut chunk', "${good}Transfer-Encoding: chunked\r\n\r\n" . substr($chunked, 0, 100), 3],
    ['a chunk of a size that is none', "${good}Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n", 3],
    ['a body that is too large', "${good}Content-Length: 999999\r\n\r\n" . 'x' x 999_999, 1],
    ['no JSON', "${good}Content-Length: 4\r\n\r\nnull", 8],
    ['JSON that is cut', "${good}Content-Length: 20\r\n\r\n" . substr($body, 0, 20), 8],
    ['another type', "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}", 8],
    ['a certificate for another key', "${good}Content-Length: " . length($body) . "\r\n\r\n$body", 8],
    ['a hint before it', "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${good}Content-Length: " . length($body) . "\r\n\r\n$body", 8],
    ['nothing but a hint', "HTTP/1.1 100 Continue\r\n\r\n", 3],
    ['the same in chunks', "${good}Transfer-Encoding: chunked\r\n\r\n$chunked", 8],
    ['a busy server', "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 17\r\n\r\n", 7],
    ['a server that redirects', "HTTP/1.1 302 Found\r\nLocation: https://x/\r\nContent-Length: 0\r\n\r\n", 6],
) {
    my ($name, $answer, $status) = @$case;
    write_file('answer', $answer);
    local $ENV{EST_CLIENT_TOKEN} = 'A' x 32;
    ends($name, run($client, 'enroll', @fake, qw(--api enroll)), $status);
    ok(!-e path('k.pem'), "$name: no identity");
}

# A key that a server smuggles in between two certificates.
{
    local $ENV{EST_CLIENT_TOKEN} = 'A' x 32;
    write_file('answer', '');
    run($client, 'enroll', @fake, qw(--api enroll));
    my ($csr) = read_file('k.pem.csr') =~ /(-----BEGIN.*)/s;
    write_file('k.csr', $csr);
    my $answer = post('/enroll/bootstrap', JSON::PP::encode_json({token => token(), csr => $csr}),
        -H => 'Content-Type: application/json');
    is($answer->{status}, 200, 'a certificate for its key');
    my $theirs = must(qw(openssl genpkey -algorithm ED25519));
    my $json = JSON::PP::decode_json($answer->{body});
    $json->{certificate} .= "-----BEGIN CERTIFICATE-----\n$theirs" . read_file('ca/issuing.pem');
    my $text = JSON::PP::encode_json($json);
    write_file('answer', "${good}Content-Length: " . length($text) . "\r\n\r\n$text");
    run($client, 'enroll', @fake, qw(--api enroll));
    unlike(-e path('k.pem') ? read_file('k.pem') : '', qr/\Q$theirs\E/, 'a key in the answer is not taken');
    unlink path('k.pem');
}

# --- who starts it ---

is(run('sh', '-c', 'exec "$@" <&- >&- 2>&-', 'sh', $client, 'enroll', @server, '--identity', path('n.pem'), '--cn', 'n',
    @password)->{status}, 0, 'with no files open');
whole('n.pem');
write_file('no-openssl', "#!/bin/sh\nopenssl \"\$@\"\n[ \"\$1\" != genpkey ]\n");
chmod 0700, path('no-openssl');
ends('openssl fails, with SIGCHLD ignored', run(qw(env --ignore-signal=CHLD), $client, 'enroll', @server, '--identity',
    path('o.pem'), '--cn', 'o', '--openssl', path('no-openssl'), @password), 1);

# --- a token is not lost with an answer, and no secret shows ---

my $token = token();
write_file('answer', '');
{
    local $ENV{EST_CLIENT_TOKEN} = $token;
    my @hold = ('--openssl', path('slow-openssl'));
    write_file('slow-openssl', "#!/bin/sh\n[ \"\$1\" = s_client ] && : >'" . path('held') . "' && while [ ! -e '"
        . path('go') . "' ]; do sleep 0.1; done\nexec openssl \"\$@\"\n");
    chmod 0700, path('slow-openssl');
    start('slow', $client, 'enroll', @server, '--identity', path('l.pem'), qw(--api enroll --cn l), @hold);
}
wait_until(sub { -e path('held') });
my $slow_pid = pid_of('slow');
my @seen = map { slurp($_) } map { ("/proc/$_/cmdline", "/proc/$_/environ") }
    grep { (slurp("/proc/$_/stat") =~ /\) \w (\d+)/)[0] == $slow_pid } map { m{(\d+)} } glob '/proc/[0-9]*';
ok(@seen >= 2, 'openssl is a process of its own');
unlike(join('', @seen, slurp("/proc/$slow_pid/cmdline"), slurp("/proc/$slow_pid/environ")), qr/\Q$token\E/,
    'no token in arguments or environment');
{
    local $ENV{EST_CLIENT_TOKEN} = $token;
    ends('two at once', enroll('l.pem', qw(--api enroll --cn l)), 7, qr/another est_client/);
}
kill 'TERM', $slow_pid;
is(wait_end('slow'), 1, 'a signal ends it');
write_file('go', '');
ok(-e path('l.pem.key'), 'its key is kept');
ends('the same command later', with_token($token, qw(l.pem --api enroll --cn l)), 0);
whole('l.pem');
ends('and the token is used up', with_token($token, qw(m.pem --api enroll --cn m)), 5);
