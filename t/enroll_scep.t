# The client for SCEP against the server: what it gets, whom it believes, and what it tells.
use strict;
use warnings;
use Enroll::Test;

ca_init();
ca_init('other', '--root-name', 'CN=Other Root', '--name', 'CN=Other Issuing');
my $config = signerd_config(challenges => {lab => {type => 'static', file => write_file('secrets', "open sesame\n", 0600)}});
$config->{profiles}{device}{scep} = {challenges => ['lab']};
start_signerd($config);
my $made = signerctl(qw(ra issue --subject), 'O=Example,CN=SCEP RA', '--key', path('ra.key'), '--out', path('ra.pem'));
die $made->{err} if $made->{status};
start_nginx('', http => <<'END');
    server {
        listen 127.0.0.1:%%PORT:http%%;
        location = /scep {
            scep_pass signerd; scep_profile device;
            scep_ra_certificate %%DIR%%/ra.pem; scep_ra_certificate_key %%DIR%%/ra.key;
            scep_password_file %%DIR%%/secrets;
        }
        location = /html { default_type text/html; return 200 "<html>"; }
    }
END

my $url = 'http://127.0.0.1:' . port('http') . '/scep';
my $root = path('ca/root.pem');
write_file('right', "open sesame\n");
write_file('wrong', "open barley\n");
delete $ENV{ENROLL_CHALLENGE};

sub enroll { return run("$ENV{ENROLL_BIN}/enroll", @_) }
sub scep { my ($command, @options) = @_; return enroll('scep', $command, '--url', $url, @options) }
sub json { my ($result) = @_; return JSON::PP::decode_json($result->{out}) }
sub fingerprint { my ($pem) = @_; return cert_text($pem, qw(-fingerprint -sha256)) =~ s/.*=(\S+)\s*/$1/rs }
sub device { my ($name) = @_; return ('--key', path("$name.key"), '--out', path("$name.pem"), '--subject', "CN=$name") }
my @trust = ('--cacert', $root);
my @challenge = ('--challenge-file', path('right'));
my $issuing = read_file('ca/issuing.pem');

# --- what the CA tells ---

my $result = scep('getcaps');
is($result->{status}, 0, 'getcaps') or diag $result->{err};
like($result->{out}, qr/^SCEPStandard$/m, 'a word a line');
ok((grep { $_ eq 'AES' } @{json(scep('getcaps', '--json'))->{capabilities}}), 'and as JSON');

$result = scep('getcacert', '--json');
is($result->{status}, 0, 'getcacert') or diag $result->{err};
is(json($result)->{checked}, undef, 'nothing is checked without a pin');
is(scep('getcacert', '--ca-fingerprint', fingerprint($issuing), '--out', path('cas.pem'))->{status}, 0, 'with the CA pinned');
like(read_file('cas.pem'), qr/\Q$issuing\E/, 'the CA is there');
is(scep('getcacert', '--ca-fingerprint', fingerprint(read_file('other/issuing.pem')))->{status}, 5, 'with another one: 5');
is(scep('getcacert', '--cacert', path('other/root.pem'))->{status}, 5, 'below another root: 5');

# --- certificates ---

$result = scep('enroll', @trust, @challenge, device('rsa'), '--san', 'dns:rsa.example', '--chain-out', path('chain.pem'));
is($result->{status}, 0, 'enroll') or diag $result->{err};
is(cert_text(read_file('rsa.pem'), '-pubkey'), public_key('rsa'), 'for the key');
like(cert_text(read_file('rsa.pem')), qr/DNS:rsa\.example/, 'with its names');
is(sprintf('%04o', (stat path('rsa.key'))[2] & 07777), '0600', 'the key is its owner\'s alone');
is(run(qw(openssl verify -CAfile), $root, '-untrusted', path('chain.pem'), path('rsa.pem'))->{status}, 0,
    'OpenSSL finds the chain in --chain-out');

is(scep('enroll', '--ca-fingerprint', fingerprint($issuing), @challenge, device('get'), '--get')->{status}, 0,
    'by GET, with the CA pinned');
like(read_file('access.log'), qr{"GET /scep\?operation=PKIOperation}, 'it was a GET');
$result = scep('enroll', @trust, @challenge, device('ec'), '--key-type', 'ec:P-256');
is($result->{status}, 0, 'an EC key, sealed with the challenge') or diag $result->{err};
is(scep('enroll', @trust, device('ec2'), '--key-type', 'ec:P-256')->{status}, 1, 'without a challenge: 1');
is(scep('enroll', @trust, @challenge, device('strong'), '--digest', 'sha512', '--cipher', 'aes256')->{status}, 0,
    'SHA-512 and AES-256');
$ENV{ENROLL_CHALLENGE} = 'open sesame';
is(scep('enroll', @trust, device('env'))->{status}, 0, 'the challenge from the environment');
delete $ENV{ENROLL_CHALLENGE};

# --- refusals ---

$result = scep('enroll', '--json', @trust, '--challenge-file', path('wrong'), device('bad'));
is($result->{status}, 1, 'a wrong challenge: 1');
is(json($result)->{fail_info}, 'badRequest', 'failInfo');
unlike($result->{out} . $result->{err}, qr/barley/, 'nothing tells the challenge');
ok(!-e path('bad.pem'), 'no certificate is written');
is(scep('enroll', '--cacert', path('other/root.pem'), @challenge, device('bad'))->{status}, 5, 'another CA: 5');
is(enroll(qw(scep enroll --url), $url =~ s/scep$/html/r, @trust, @challenge, device('bad'))->{status}, 1, 'a server without SCEP');
is(enroll(qw(scep getcaps --url), 'http://127.0.0.1:' . port('nobody') . '/scep')->{status}, 3, 'nobody there: 3');

# --- renewal ---

my @own = ('--cert', path('rsa.pem'), '--key', path('rsa.key'));
$result = scep('renew', @trust, @own, '--out', path('renewed.pem'));
is($result->{status}, 0, 'renewal for the same key') or diag $result->{err};
is(cert_text(read_file('renewed.pem'), '-pubkey'), public_key('rsa'), 'it is the same');
isnt(cert_text(read_file('renewed.pem'), '-serial'), cert_text(read_file('rsa.pem'), '-serial'), 'with a new serial');
is(scep('renew', @trust, @own, '--new-key', path('next.key'), '--out', path('next.pem'), '--pkcsreq')->{status}, 0,
    'for a new key, as PKCSReq');
is(cert_text(read_file('next.pem'), '-pubkey'), public_key('next'), 'it is the new one');

# --- what is on file ---

$result = scep('getcert', @trust, @own, '--out', path('again.pem'));
is($result->{status}, 0, 'getcert') or diag $result->{err};
is(read_file('again.pem'), read_file('rsa.pem'), 'the same certificate');
is(scep('getcert', @trust, @own, '--serial', '01')->{status}, 1, 'a serial that nobody has: 1');

# --- usage ---

for my $case (
    ['no trust', 'scep', 'enroll', '--url', $url, device('x')],
    ['a challenge as an option', 'scep', 'enroll', '--url', $url, @trust, device('x'), '--challenge', 'open sesame'],
    ['MD5', 'scep', 'enroll', '--url', $url, @trust, device('x'), '--digest', 'md5'],
    ['a query', 'scep', 'getcaps', '--url', "$url?operation=GetCACaps"]) {
    my ($name, @words) = @$case;
    is(enroll(@words)->{status}, 2, "usage: $name");
}
