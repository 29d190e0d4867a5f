# Full CMC (RFC 7030 4.3, RFC 5272): PKIData that a certificate of a client has signed, in
# messages of openssl cms, with what attackers would send.
use strict;
use warnings;
use Enroll::Cmc;
use Enroll::Test;

use constant {
    SUCCESS => 0, FAILED => 2, PENDING => 3, NO_SUPPORT => 4,
    BAD_MESSAGE_CHECK => 1, BAD_REQUEST => 2, BAD_IDENTITY => 7, POP_FAILED => 9,
};

ca_init();
ca_init('other', '--root-name', 'CN=Other Root', '--name', 'CN=Other Issuing');
write_file('passwords', "demo:{PLAIN}secret\n");

# A certificate below the issuing CA, by openssl: path("$name.pem").
sub certificate {
    my ($name, $extensions, $ca, @key) = @_;
    new_key($name, @key);
    new_csr($name, "/CN=$name");
    must(qw(openssl x509 -req -days 2 -in), path("$name.csr"), '-CA', path("$ca/issuing.pem"), '-CAkey',
        path("$ca/issuing.key"), '-CAcreateserial', '-extfile', write_file("$name.ext", $extensions),
        '-out', path("$name.pem"));
    return;
}
certificate('server-rsa', 'keyUsage=digitalSignature', 'ca', qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048));
certificate('server-ec', 'keyUsage=digitalSignature', 'ca');
certificate('stranger', 'extendedKeyUsage=clientAuth', 'other');
certificate('web', 'extendedKeyUsage=serverAuth', 'ca');

my $config = signerd_config();
my $manual = $config->{profiles}{manual} = {%{$config->{profiles}{device}}};
@$manual{qw(approval approval_retry)} = qw(manual 7s);
start_signerd($config);
my $cmc = 'est_full_cmc on; est_client_certificate %%DIR%%/ca/chain.pem;';
my $rsa = 'est_certificate %%DIR%%/server-rsa.pem; est_certificate_key %%DIR%%/server-rsa.key;';
my $ec = 'est_certificate %%DIR%%/server-ec.pem; est_certificate_key %%DIR%%/server-ec.key;';
my $basic = 'est_auth basic; est_password_file %%DIR%%/passwords;';
start_nginx(<<"END", http => q[log_format est '$status $est_operation $est_status $est_serial'; access_log %%DIR%%/est.log est;]);
    location /.well-known/est/ { est_pass signerd; est_profile device; $basic $cmc $rsa }
    location /.well-known/est/open/ { est_pass signerd; est_profile device; est_auth none; $cmc $ec }
    location /.well-known/est/mtls/ { est_pass signerd; est_profile device; est_auth mtls; $cmc $ec }
    location /.well-known/est/manual/ { est_pass signerd; est_profile manual; est_auth none; $cmc $ec }
    location /.well-known/est/off/ { est_pass signerd; est_profile device; $basic }
    location = /status { est_status json; }
END

my $est = '/.well-known/est';
my @demo = (-u => 'demo:secret');
my @type = (-H => 'Content-Type: application/pkcs7-mime; smime-type=CMC-request');

# A certificate of ours for CN=$name: path("$name.pem").
sub device {
    my ($name) = @_;
    new_csr($name, "/CN=$name");
    my ($pem) = certificates(post("$est/simpleenroll", read_file("$name.csr"), @demo)->{body});
    write_file("$name.pem", $pem);
    return;
}
sub serial_of { my ($pem) = @_; return lc((cert_text($pem, '-serial') =~ /=(.*)/)[0]) }
sub csr { my ($name) = @_; return der_of_pem(read_file(new_csr($name, "/CN=$name") =~ s{.*/}{}r)) }
sub full_cmc {
    my ($message, $label, @options) = @_;
    my $path = $label ? "$est/$label/fullcmc" : "$est/fullcmc";
    return post($path, cmc_body($message), @type, $label ? () : @demo, @options);
}
# One that is refused in the terms of CMC.
sub refused {
    my ($name, $message, $http, $status, $fail, $parts, $label, @options) = @_;
    $label //= 'open';
    my $reply = full_cmc($message, $label, @options);
    is($reply->{status}, $http, "$name: $http") or diag $reply->{body};
    is($reply->{headers}{'content-type'}, 'application/pkcs7-mime; smime-type=CMC-response', "$name: by CMC");
    my $answer = cmc_answer($reply->{body}, 'server-ec');
    my $said = join ' ', map { $_ // '-' } @$answer{qw(status fail)}, @{$answer->{parts} || []};
    is($said, join(' ', $status, $fail // '-', @$parts), "$name: what and why") or diag explain $answer;
    my @issued = grep { cert_text($_, '-subject') =~ /CN ?= ?wanted/ } @{$answer->{certificates}};
    is(scalar @issued, 0, "$name: nothing issued");
    return $answer;
}
# One that is not understood.
sub unread {
    my ($name, $body, $http, @options) = @_;
    my $reply = post("$est/open/fullcmc", $body, @type, @options);
    is("$reply->{status} $reply->{headers}{'content-type'}", "$http text/plain", $name) or diag $reply->{body};
    return;
}

device($_) for qw(signer revoked tls);
my $wanted = csr('wanted');

# --- what is granted ---

my $data = pki_data(
    controls => [control(2, 5, integer(4711)), control(3, 6, octets('my nonce')), control(4, 4, octets('my data')),
        control(5, 18, octets('ignored'))],
    requests => [pkcs10(77, $wanted)]);
my $message = signed($data, 'signer');
my $reply = full_cmc($message);
is($reply->{status}, 200, 'a PKCS#10') or diag $reply->{body};
is($reply->{headers}{'content-type'}, 'application/pkcs7-mime; smime-type=CMC-response', 'its media type');
is($reply->{headers}{'content-transfer-encoding'}, 'base64', 'in base64');
my $answer = cmc_answer($reply->{body}, 'server-rsa');
is($answer->{status}, SUCCESS, 'success') or diag explain $answer;
is_deeply($answer->{parts}, [77], 'of the request');
ok($answer->{type}, 'a PKIResponse');
is($answer->{controls}{5}, pack('n', 4711), 'the transactionId');
is($answer->{controls}{7}, 'my nonce', 'the nonce of the client comes back');
is(length $answer->{controls}{6}, 16, 'with one of ours');
is($answer->{controls}{4}, 'my data', 'and his data');
my ($issued) = grep { cert_text($_, '-subject') =~ /CN ?= ?wanted/ } @{$answer->{certificates}};
is(cert_text($issued, '-pubkey'), public_key('wanted'), 'the certificate has his key');
ok(scalar(grep({ der_of_pem($_) eq der_of_pem(read_file('ca/issuing.pem')) } @{$answer->{certificates}})),
    'and who issued it is there');
my ($row) = (audit_rows())[-1];
is("$row->{decision} $row->{protocol} $row->{operation} $row->{credential} $row->{credential_name} $row->{subject}",
    'allow est enroll certificate CN=signer CN=wanted', 'the audit log');

my $again = cmc_answer(full_cmc($message)->{body}, 'server-rsa');
my ($replayed) = grep { cert_text($_, '-subject') =~ /CN ?= ?wanted/ } @{$again->{certificates}};
is($replayed, $issued, 'the same bytes again: the same certificate');
isnt($again->{controls}{6}, $answer->{controls}{6}, 'and another nonce');

$reply = post("$est/fullcmc", $message, -H => 'Content-Type: Application/PKCS7-mime', @demo);
is($reply->{status}, 200, 'DER, and a media type without smime-type');
is(full_cmc(signed($data, 'signer', '-keyid'), 'open')->{status}, 200, 'a signer by key identifier');
my $one = pki_data(requests => [pkcs10(1, $wanted)]);
$answer = cmc_answer(full_cmc(signed($one, 'signer'), 'open')->{body}, 'server-ec');
is_deeply([$answer->{status}, $answer->{parts}, $answer->{controls}], [SUCCESS, [1], {}], 'no controls, none back');

my @tls = ('--cert', path('tls.pem'), '--key', path('tls.key'));
is(full_cmc(signed($one, 'tls'), 'mtls', @tls)->{status}, 200, 'by the client of TLS');
is(full_cmc(signed($one, 'tls', '-nocerts'), 'mtls', @tls)->{status}, 200,
    'whose certificate need not be there');
is(full_cmc(signed($data, 'signer'), 'mtls')->{status}, 401, 'est_auth is asked first');
is(post("$est/fullcmc", cmc_body($message), @type, -u => 'demo:wrong')->{status}, 401, 'with passwords too');

# --- CRMF ---

sub with_crmf { my ($proof) = @_; return signed(pki_data(requests => [crmf(9, $wanted, $proof)]), 'signer') }
sub proof {
    my ($key) = @_;
    my ($element) = Enroll::Cmc::elements(crmf(9, $wanted, ''));
    my $file = write_file('crmf.request', $element->[1]);
    must(qw(openssl dgst -sha256 -sign), path("$key.key"), '-out', path('crmf.signature'), $file);
    return tlv(0xa1, tlv(0x30, oid('1.2.840.10045.4.3.2')), tlv(0x03, "\0" . read_file('crmf.signature')));
}
$answer = cmc_answer(full_cmc(with_crmf(proof('wanted')), 'open')->{body}, 'server-ec');
is_deeply([@$answer{qw(status parts)}], [SUCCESS, [9]], 'a CRMF') or diag explain $answer;
is(scalar(grep { cert_text($_, '-pubkey') eq public_key('wanted') } @{$answer->{certificates}}), 1, 'with its key');

refused('a proof by another key', with_crmf(proof('signer')), 400, FAILED, POP_FAILED, [9]);
refused('raVerified', with_crmf("\x80\0"), 400, FAILED, POP_FAILED, [9]);
refused('no proof', with_crmf(''), 400, FAILED, POP_FAILED, [9]);
my $tampered = $wanted;
substr($tampered, -1, 1) ^= "\1";
refused('a PKCS#10 that somebody changed', signed(pki_data(requests => [pkcs10(3, $tampered)]), 'signer'),
    400, FAILED, POP_FAILED, [3]);

# --- who signs ---

refused('nobody has signed', unsigned($one), 403, FAILED, BAD_IDENTITY, [0]);
refused('a stranger', signed($one, 'stranger'), 403, FAILED, BAD_IDENTITY, [0]);
refused('a stranger with his chain', signed($one, 'stranger', '-certfile', path('other/chain.pem')),
    403, FAILED, BAD_IDENTITY, [0]);
refused('a server', signed($one, 'web'), 403, FAILED, BAD_IDENTITY, [0]);
refused('a signer who is not there', signed($one, 'signer', '-nocerts'), 403, FAILED, BAD_IDENTITY, [0]);
refused('no attributes', signed($one, 'signer', '-noattr'), 400, FAILED, BAD_MESSAGE_CHECK, [0]);
my $forged = signed($one, 'signer');
substr($forged, -1, 1) ^= "\1";
refused('a signature that somebody changed', $forged, 400, FAILED, BAD_MESSAGE_CHECK, [0]);
refused('SHA-1', signed($one, 'signer', qw(-md sha1)), 400, FAILED, 0, [0]);
refused('another than the client of TLS', signed($one, 'signer'), 403, FAILED, BAD_IDENTITY, [0], 'mtls', @tls);

is(signerctl('revoke', serial_of(read_file('revoked.pem')))->{status}, 0, 'one is revoked');
refused('a certificate that is revoked', signed($one, 'revoked'), 403, FAILED, BAD_IDENTITY, [1]);
my ($revoked) = grep { ($_->{credential_name} // '') eq 'CN=revoked' } audit_rows();
like($revoked->{detail}, qr/revoked/, 'the audit log knows why');

# --- what is asked for ---

my @two = (pkcs10(1, $wanted), pkcs10(2, $wanted));
refused('two requests', signed(pki_data(requests => \@two), 'signer'), 400, FAILED, BAD_REQUEST, [1, 2]);
refused('no request', signed(pki_data(), 'signer'), 400, FAILED, BAD_REQUEST, [0]);
refused('a request of another kind',
    signed(pki_data(requests => [tlv(0xa2, integer(5), oid('1.2.3'), tlv(0x05))]), 'signer'),
    400, NO_SUPPORT, undef, [5]);
sub controls {
    my @controls = @_;
    return signed(pki_data(controls => \@controls, requests => [pkcs10(1, $wanted)]), 'signer');
}
my $said = refused('controls that are not known',
    controls(control(2, 5, integer(1)), control(3, '1.2.3.4', octets('x')), control(4, 17, tlv(0x30))),
    400, FAILED, BAD_REQUEST, [3, 4]);
is($said->{controls}{5}, "\1", 'the transactionId comes back all the same');
refused('a proof by a shared secret', controls(control(2, 34, tlv(0x30))), 403, FAILED, BAD_IDENTITY, [2]);
refused('a control that is malformed', controls(control(2, 5, octets('x'))), 400, FAILED, BAD_REQUEST, [2]);

# Messages within messages are not opened.
my $nested = $one;
for (1 .. 20) {
    my $inner = tlv(0x30, integer(2), unsigned($nested));
    $nested = pki_data(controls => [control(1, 28, tlv(0x30, integer(2)))], cms => [$inner]);
}
refused('nested messages', signed($nested, 'signer'), 400, FAILED, BAD_REQUEST, [1]);
my @inner = map { tlv(0x30, integer(100 + $_), unsigned($one)) } 1 .. 40;
my $beside = pki_data(requests => [pkcs10(1, $wanted)], cms => \@inner);
is(full_cmc(signed($beside, 'signer'), 'open')->{status}, 200, 'those that nothing refers to are ignored');

# --- what is no request at all ---

unread('not base64', '%%%', 400);
unread('nothing', '', 400);
unread('a CSR', cmc_body($wanted), 400);
unread('a response', $reply->{body}, 400);
unread('a body part twice', cmc_body(signed(pki_data(controls => [control(1, 5, integer(1))],
    requests => [pkcs10(1, $wanted)]), 'signer')), 400);
unread('body part 0', cmc_body(signed(pki_data(requests => [pkcs10(0, $wanted)]), 'signer')), 400);
my @many = map { tlv(0x30, integer($_)) } 1 .. 65;
unread('too many body parts', cmc_body(signed(pki_data(cms => \@many), 'signer')), 400);
unread('too large', 'A' x 400_000, 413);
unread('too large, in chunks', 'A' x 400_000, 413, -H => 'Transfer-Encoding: chunked');
my $large = pki_data(controls => [control(1, 18, octets('x' x 170_000))]);
unread('a message that is too large', cmc_body(unsigned($large)), 400);
is(post("$est/open/fullcmc", cmc_body($message), -H => "Content-Type: $_")->{status}, 415, $_)
    for 'application/pkcs10', 'application/pkcs7-mime; smime-type=CMC-response';
is(get("$est/open/fullcmc")->{headers}{allow}, 'POST', 'it is a POST');
is(full_cmc($message, 'off', @demo)->{status}, 404, 'without est_full_cmc there is none');

# --- a person decides ---

my $waiting = signed($data, 'signer');
$reply = full_cmc($waiting, 'manual');
is("$reply->{status} $reply->{headers}{'retry-after'}", '202 7', 'a request that waits');
$answer = cmc_answer($reply->{body}, 'server-ec');
is("$answer->{status} $answer->{pending} @{$answer->{parts}}", PENDING . ' 1 77', 'says so in terms of CMC')
    or diag explain $answer;
my $crmf = signed(pki_data(requests => [crmf(9, $wanted, proof('wanted'))]), 'signer');
is(full_cmc($crmf, 'manual')->{status}, 202, 'a CRMF waits as well');
is(signerctl(qw(request approve), $_)->{status}, 0, "request $_ is approved") for 1, 2;
for my $request ([$waiting, 'PKCS#10'], [$crmf, 'CRMF']) {
    $reply = full_cmc($request->[0], 'manual');
    $answer = cmc_answer($reply->{body}, 'server-ec');
    is("$reply->{status} $answer->{status}", '200 0', "the $request->[1] again: its certificate");
}

# --- records ---

# nginx reports what it has refused when it comes to it.
sub reported {
    my ($match) = @_;
    my $found;
    wait_until(sub { ($found) = grep { $_->{http_status} && $match->($_) } audit_rows(); $found });
    return $found;
}
my $strange = reported(sub { ($_->{credential_name} // '') eq 'CN=stranger' });
is("$strange->{credential} $strange->{http_status}", 'unproven 403', 'who is not trusted is on record');
my $known = reported(sub { ($_->{detail} // '') =~ /several requests/ });
is("$known->{credential} $known->{credential_name} $known->{http_status}", 'certificate CN=signer 400',
    'and so is what a client did wrong');
is(signerctl(qw(audit verify))->{status}, 0, 'the audit log verifies');
my @log = grep { / fullcmc / } split /\n/, read_file('est.log');
is($log[0], '200 fullcmc issued ' . serial_of($issued), 'the variables');
my $counts = JSON::PP::decode_json(get('/status')->{body})->{total}{operations}{fullcmc};
ok($counts->{issued} && $counts->{replayed} && $counts->{pending} == 2, 'the counters');

# --- configuration ---

for my $case (["$basic est_full_cmc on; est_client_certificate %%DIR%%/ca/chain.pem;", 'est_certificate'],
    ["$basic est_full_cmc on; $ec", 'est_client_certificate']) {
    my $result = nginx_test("location /e/ { est_pass signerd; est_profile device; $case->[0] }");
    like($result->{err}, qr/"est_full_cmc" needs "$case->[1]"/, "without $case->[1]");
}
