# POST of a bootstrap token and a CSR: what comes back, each way to be wrong, and that a token is
# used up by a certificate and by nothing else.
use strict;
use warnings;
use Enroll::Test;
use JSON::PP ();

allow_log(qr/away\.sock failed/);
ca_init();
my $config = signerd_config();
$config->{profiles}{slow} = {%{$config->{profiles}{device}}, approval => 'manual'};
start_signerd($config);
my $common = 'enroll_pass signerd; enroll_profile device;';
start_nginx(<<"END", http => <<'HTTP');
    location = /enroll/bootstrap { $common enroll_bootstrap; enroll_login_failures off; access_log %%DIR%%/enroll.log enroll; }
    location = /approved { enroll_pass signerd; enroll_profile slow; enroll_bootstrap; }
    location = /guarded { $common enroll_bootstrap; enroll_login_failures 2; }
    location = /denied { $common enroll_bootstrap; deny all; }
    location = /quiet { $common enroll_bootstrap; enroll_audit off; deny all; }
    location = /away { enroll_pass away; enroll_profile device; enroll_bootstrap; }
    location = /nobody { enroll_pass signerd; enroll_profile nobody; enroll_bootstrap; }
    location = /status { enroll_status; }
END
    upstream away { server unix:%%DIR%%/away.sock; }
    log_format enroll escape=json '$status $enroll_operation $enroll_status $enroll_serial [$request_body]';
    server {
        listen 127.0.0.1:%%PORT:plain%%;
        location = /enroll/bootstrap { enroll_pass signerd; enroll_profile device; enroll_bootstrap; }
    }
HTTP

my $url = '/enroll/bootstrap';

sub token { chomp(my $token = must("$ENV{ENROLL_BIN}/signerctl", '--socket', path('admin.sock'),
    qw(token create --once --profile), @_)); return $token }

sub send_json {
    my ($to, $body, @options) = @_;
    push @options, -H => 'Content-Type: application/json' if !grep { /^content-type:/i } @options;
    return post($to, $body, @options);
}

sub json { return JSON::PP->new->canonical->encode({@_}) }
sub bootstrap { my ($token, $csr, @options) = @_; return send_json($url, json(token => $token, csr => $csr), @options) }

sub refused {
    my ($name, $answer, $status, $error) = @_;
    is($answer->{status}, $status, "$name: $status");
    is($answer->{headers}{'content-type'}, 'application/json', "$name: JSON");
    my $line = eval { JSON::PP::decode_json($answer->{body})->{error} };
    like($line, $error // qr/\A[ -~]+\z/, "$name: one line that says what to fix");
    return;
}

new_csr('device', '/CN=device-1', -addext => 'subjectAltName=DNS:device-1.example');
my $csr = read_file('device.csr');
my $token = token('device');
like($token, qr/\A[A-Za-z0-9_-]{32}\z/, 'a token');

# --- a first certificate ---

my $answer = bootstrap($token, $csr);
is($answer->{status}, 200, 'a token and a CSR in PEM') or diag $answer->{body};
is($answer->{headers}{'content-type'}, 'application/json', 'JSON');
is($answer->{headers}{'cache-control'}, 'no-store', 'that nobody keeps');
ok($answer->{headers}{'content-length'}, 'Content-Length, so not chunked');
my $issued = JSON::PP::decode_json($answer->{body});
is(join(' ', sort keys %$issued), 'ca_bundle certificate', 'two members');
my $pem = qr/-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+\/=]{1,64}\n)+-----END CERTIFICATE-----\n/;
like($issued->{$_}, qr/\A$pem$pem\z/, "$_: two certificates in PEM") for qw(certificate ca_bundle);
write_file("$_.pem", $issued->{$_}) for qw(certificate ca_bundle);
is(cert_text($issued->{certificate}, '-pubkey'), public_key('device'), 'ours comes first');
like(cert_text($issued->{certificate}), qr/DNS:device-1\.example/, 'with the names of the CSR');
is(run(qw(openssl verify -x509_strict -CAfile), path('ca_bundle.pem'), path('certificate.pem'))->{status}, 0,
    'and verifies with the bundle');
is(run(qw(openssl verify -CAfile), path('ca/root.pem'), '-untrusted', path('certificate.pem'),
    path('certificate.pem'))->{status}, 0, 'or with the root, and the CA behind it');
my $serial = lc cert_text($issued->{certificate}, '-serial') =~ s/serial=|\n//gr;
wait_until(sub { read_file('enroll.log') =~ /\n/ });
like(read_file('enroll.log'), qr/^200 bootstrap issued \Q$serial\E \[/m, 'the variables');
unlike(read_file('enroll.log'), qr/\Q$token\E/, '$request_body has no token');

$answer = bootstrap($token, $csr);
is($answer->{status}, 200, 'the same again, as after a lost answer');
is(JSON::PP::decode_json($answer->{body})->{certificate}, $issued->{certificate}, 'has the same certificate');

# --- tokens that are good for nothing ---

new_csr('other', '/CN=other');
my $lasting = must("$ENV{ENROLL_BIN}/signerctl", '--socket', path('admin.sock'), qw(token create --profile device --ttl 1h));
chomp $lasting;
my %bodies;
for my $case (['a used one', $token], ['an unknown one', 'A' x 32], ['none', ''], ['a long one', 'A' x 5000],
    ['one that is good more than once', $lasting], ['one of another profile', token('slow')])
{
    my ($name, $bad) = @$case;
    $answer = bootstrap($bad, read_file('other.csr'));
    refused($name, $answer, 401);
    is($answer->{headers}{'www-authenticate'}, 'Bearer realm="enroll", error="invalid_token"', "$name: the challenge");
    $bodies{$answer->{body}}++;
}
is(keys %bodies, 1, 'one answer for all of them');

# --- what does not use a token up ---

my $second = token('device', '--identity', 'bound.example');
my $base64 = csr_body('bound', '/CN=bound.example');
my ($der, $forged) = (must(qw(openssl req -outform DER -in), path('bound.csr')));
$forged = $der;
substr $forged, -1, 1, chr(1 ^ ord substr $forged, -1);
require MIME::Base64;
$forged = MIME::Base64::encode_base64($forged, '');
new_key('weak', qw(-algorithm RSA -pkeyopt rsa_keygen_bits:1024));
new_csr('weak', '/CN=bound.example');
my $good = json(token => $second, csr => $base64);
my @wrong = (
    ['no body', 400, '', qr/must be an object/],
    ['no JSON', 400, 'token=a&csr=b', qr/must be an object/],
    ['a list', 400, "[$good]", qr/must be an object/],
    ['no token', 400, json(csr => $base64), qr/"token" is missing/],
    ['no CSR', 400, json(token => $second), qr/"csr" is missing/],
    ['a number', 400, json(token => $second, csr => 1), qr/"csr" must be a string/],
    ['another member', 400, json(token => $second, csr => $base64, profile => 'x'), qr/neither "token" nor "csr"/],
    ['a member twice', 400, $good =~ s/\}$/,"csr":"x"}/r, qr/"csr" stands twice/],
    ['something behind', 400, "$good x", qr/stands behind the object/],
    ['a CSR that is none', 400, json(token => $second, csr => 'AAAA'), undef],
    ['no base64', 400, json(token => $second, csr => '$$$$'), undef],
    ['a certificate', 400, json(token => $second, csr => read_file('ca/root.pem')), undef],
    ['a forged CSR', 400, json(token => $second, csr => $forged), undef],
    ['a weak key', 403, json(token => $second, csr => read_file('weak.csr')), undef],
    ['another name', 403, json(token => $second, csr => read_file('other.csr')), undef],
    ['a body of 200 kB', 413, $good . ' ' x 200_000, undef],
    ['a chunked body of 200 kB', 413, $good . ' ' x 200_000, undef, -H => 'Transfer-Encoding: chunked'],
    ['another media type', 415, $good, qr/application\/json/, -H => 'Content-Type: text/plain'],
    ['PUT', 405, $good, undef, -X => 'PUT'],
);
for my $case (@wrong) {
    my ($name, $status, $body, $error, @options) = @$case;
    $answer = send_json($url, $body, @options);
    refused($name, $answer, $status, $error);
    is($answer->{headers}{allow}, 'POST', "$name: Allow") if $status == 405;
}
is(send_json('http://127.0.0.1:' . port('plain') . $url, $good)->{status}, 403, 'without TLS: 403');
refused('a profile that signerd does not have', send_json('/nobody', $good), 404);
$answer = send_json('/away', $good);
refused('no signerd', $answer, 503);
is($answer->{headers}{'retry-after'}, 5, 'no signerd: again in five seconds');
refused('nginx itself', send_json('/denied', $good), 403);
refused('the same, unheard', send_json('/quiet', $good), 403);

$answer = send_json($url, $good, -H => 'Content-Type: application/json; charset=utf-8');
is($answer->{status}, 200, 'after all that the token is good, with a CSR in base64') or diag $answer->{body};
is(send_json($url, json(token => $second, csr => read_file('other.csr')))->{status}, 401, 'and used up');

# --- a person decides ---

my $third = token('slow');
new_csr('third', '/CN=third');
$good = json(token => $third, csr => read_file('third.csr'));
$answer = send_json('/approved', $good);
is($answer->{status}, 202, 'a request that waits: 202') or diag $answer->{body};
like($answer->{headers}{'retry-after'}, qr/^\d+$/, 'Retry-After');
my $request = JSON::PP::decode_json($answer->{body})->{pending};
is(signerctl(qw(request approve), $request)->{status}, 0, 'it is approved');
is(send_json('/approved', $good)->{status}, 200, 'and the same request has its certificate');

# --- who guesses has to wait ---

is(send_json('/guarded', json(token => 'guess', csr => $csr))->{status}, 401, 'a wrong token') for 1, 2;
$answer = send_json('/guarded', json(token => token('device'), csr => $csr));
refused('the third', $answer, 429);
cmp_ok($answer->{headers}{'retry-after'}, '>', 0, 'with Retry-After');

# --- records and counters ---

wait_until(sub { grep { ($_->{detail} // '') =~ /too many tokens/ } audit_rows() });
my @rows = audit_rows();
my ($row) = grep { ($_->{serial} // '') eq $serial } @rows;
is($row->{protocol}, 'enroll', 'the record: the protocol');
is($row->{operation}, 'enroll', 'the record: the operation');
is($row->{credential}, 'token', 'the record: a token');
is(scalar(grep { $_->{protocol} eq 'enroll' && $_->{detail} eq 'not allowed' } @rows), 1,
    'what nginx refused is there, but where enroll_audit is off');
is(scalar(grep { $_->{detail} =~ /"csr" stands twice/ } @rows), 1, 'what the module refused is there');
unlike(JSON::PP::encode_json(\@rows), qr/\Q$token\E|\Q$second\E/, 'no token in the records');
unlike(read_file('error.log') . read_file('access.log') . read_file('signerd.log'), qr/\Q$token\E|\Q$second\E/,
    'nor in the logs');
my ($counts) = grep { $_->{location} eq 'localhost/enroll/bootstrap' } @{JSON::PP::decode_json(get('/status')->{body})->{locations}};
my $bootstrap = $counts->{operations}{bootstrap};
is($bootstrap->{issued}, 2, 'counted: issued');
is($bootstrap->{replayed}, 1, 'counted: replayed');
is($bootstrap->{unauthenticated}, 7, 'counted: tokens that were wrong');
