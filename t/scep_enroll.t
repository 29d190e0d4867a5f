# SCEP as RFC 8894 has it: what the server tells of itself, enrolment, what is on file, and how
# paths, methods and operations that are none are answered.
use strict;
use warnings;
use Enroll::Forge;
use Enroll::Test;

ca_init();
my $config = scep_config();
delete $config->{cas}{issuing}{crl};    # on
start_scep(config => $config, locations => scep_location('/scep', 'scep_label lab device; client_max_body_size 1m;')
    . scep_location('/rootless', 'scep_root off; scep_chain on;') . scep_location('= /exact'));

sub header { my ($reply, $name) = @_; return $reply->{headers}{$name} // 'none' }
sub whole { my ($reply) = @_; return header($reply, 'content-length') eq length $reply->{body} }
sub serial { my ($pem) = @_; return cert_text($pem, '-serial') }
sub subject { my ($pem) = @_; return cert_text($pem, '-subject') =~ s/^subject=\s*|\s*$//gr }
my @post = (-X => 'POST');

# --- GetCACaps, GetCACert ---

my $caps = get(scep_url() . '?operation=GetCACaps');
is($caps->{status}, 200, 'GetCACaps');
is(header($caps, 'content-type'), 'text/plain', 'in plain text');
ok(whole($caps), 'with Content-Length');
is_deeply([sort split /\n/, $caps->{body}], [sort qw(AES POSTPKIOperation Renewal SCEPStandard SHA-256 SHA-512)],
    'what is on, a word a line');
is(get(scep_url() . '?operation=GetCACaps&message=anything')->{body}, $caps->{body}, 'a message changes nothing');

my $certs = get(scep_url() . '?operation=GetCACert&message=Some%20CA');
is($certs->{status}, 200, 'GetCACert with the name of a CA');
is(header($certs, 'content-type'), 'application/x-x509-ca-ra-cert', 'RA and CA');
ok(whole($certs), 'with Content-Length');
my @names = map { subject($_) } certificates($certs->{body});
is($names[0], subject(read_file('ra.pem')), 'the RA first');
is_deeply([sort @names[1 .. $#names]], [sort map { subject(read_file("ca/$_.pem")) } qw(issuing root)],
    'then the CAs, the root among them');
is(scalar(() = certificates(get(scep_url('/rootless') . '?operation=GetCACert')->{body})), 2, 'no root with scep_root off');

for my $operation (qw(GetCACaps GetCACert)) {
    my $head = http(scep_url() . "?operation=$operation", '-I');
    is($head->{status}, 200, "HEAD $operation");
    is(header($head, 'content-length'), length(($operation eq 'GetCACaps' ? $caps : $certs)->{body}), 'the length of what GET has');
}
is(get(scep_url() . '?operation=GetNextCACert')->{status}, 404, 'GetNextCACert that is off: 404');

# --- enrolment ---

client('one');
my $reply = exchange('one', transaction => 'first', nonce => '000102030405060708090a0b0c0d0e0f');
my $pem = succeeds($reply, 'one', 'POST');
is(header($reply->{http}, 'content-type'), 'application/x-pki-message', 'its type');
is(header($reply->{http}, 'cache-control'), 'no-store', 'nobody keeps it');
is(header($reply->{http}, 'transfer-encoding'), 'none', 'no chunks');
ok(whole($reply->{http}), 'Content-Length');
is($reply->{type}, 3, 'CertRep');
is($reply->{transaction}, '1305' . unpack('H*', 'first'), 'transactionID, with its string type');
is($reply->{recipient_nonce}, '0410000102030405060708090a0b0c0d0e0f', 'recipientNonce');
like($reply->{sender_nonce}, qr/^0410[0-9a-f]{32}$/, 'a nonce of 16 octets');
is("$reply->{digest} $reply->{cipher} $reply->{envelope}", 'sha256 aes128 key', 'digest and cipher are those of the request');
is(scalar @{$reply->{certificates}}, 1, 'the certificate alone');
is(run(qw(openssl verify -CAfile), path('ca/root.pem'), '-untrusted', path('ca/issuing.pem'), write_file('one.crt', $pem))->{status},
    0, 'OpenSSL verifies it');

my $again = exchange('one', transaction => 'first', nonce => '00' x 16);
is(serial(succeeds($again, 'one', 'again')), serial($pem), 'the same transactionID: the same certificate');
is($again->{recipient_nonce}, '0410' . '00' x 16, 'in a new answer');
isnt($again->{sender_nonce}, $reply->{sender_nonce}, 'with a new nonce');
client('thief', subject => '/CN=one');
fails(exchange('thief', transaction => 'first'), 2, 'the same transactionID with another key');
isnt(serial(succeeds(exchange('one', transaction => 'second'), 'one', 'another transactionID')), serial($pem), 'another certificate');

client('bydigest');
$reply = exchange('bydigest', digest => 'sha512', cipher => 'aes256', algorithm => 'full', http => {get => 1});
succeeds($reply, 'bydigest', 'by GET, with SHA-512 and AES-256');
is("$reply->{digest} $reply->{cipher}", 'sha512 aes256', 'so is the answer');
is($reply->{algorithm}, '1.2.840.113549.1.1.1', 'which says rsaEncryption');
is(header($reply->{http}, 'cache-control'), 'no-store', 'nobody keeps it');

client('chain');
is(scalar @{exchange('chain', http => {path => '/rootless'})->{certificates}}, 3, 'the CAs too with scep_chain');

# --- challenges ---

my %texts;
for my $case (['wrong', challenge => 'open barley'], ['absent', challenge => undef]) {
    my ($name, @challenge) = @$case;
    client($name, @challenge);
    $reply = exchange($name);
    fails($reply, 2, "a challenge that is $name");
    $texts{$reply->{text}}++;
}
is(scalar keys %texts, 1, 'all in the same words') or diag explain \%texts;

# --- what is on file ---

use_certificate('one', $pem);
$reply = exchange('one', type => 21, serial_of => path('one.pem'));
is(certificate_of($reply), $pem, 'GetCert') or diag explain $reply;
fails(exchange('one', type => 21, serial_of => path('ca/root.pem')), 4, 'GetCert of another CA');
fails(exchange('one', type => 20, transaction => 'nobody', poll_issuer => path('ca/issuing.pem'), poll_subject => path('one.pem')),
    4, 'CertPoll of a transaction that nobody began');
ok(wait_until(sub { $reply = exchange('one', type => 22, serial_of => path('one.pem')); $reply->{status} eq '0' }), 'GetCRL');
my $crl = run({in => $reply->{crls}[0] // ''}, qw(openssl crl -inform DER -noout -issuer -verify -CAfile), path('ca/issuing.pem'));
like($crl->{out} . $crl->{err}, qr/Issuing.*verify OK/s, 'the CRL of the CA, which OpenSSL verifies');
is(scalar @{$reply->{certificates}}, 0, 'and no certificate');
fails(exchange('one', type => 22, serial_of => path('ca/root.pem')), 4, 'GetCRL of another CA');

# --- paths, operations, methods ---

for my $path ('/scep/pkiclient.exe', '/scep/cgi-bin/pkiclient.exe', '/scep/', '/scep/lab', '/scep/lab/pkiclient.exe', '/exact') {
    is(get(scep_url($path) . '?operation=GetCACaps')->{body}, $caps->{body}, $path);
}
client('suffix');
succeeds(exchange('suffix', http => {path => '/scep/lab/cgi-bin/pkiclient.exe'}), 'suffix', 'enrolment with label and suffix');
for my $path ('/scep/other', '/scep/cgi-bin', '/scep/lab/other', '/scepter', '/scep/pkiclient.exe/lab') {
    is(get(scep_url($path) . '?operation=GetCACaps')->{status}, 404, "$path: 404");
}
for my $case (
    ['an unknown operation', '?operation=GetCAKey', 404], ['none', '', 400], ['in lower case', '?operation=getcacaps', 404],
    ['as PKIOPERATION', '?operation=PKIOPERATION', 404], ['twice', '?operation=GetCACaps&operation=GetCACert', 400],
    ['PKIOperation without a message', '?operation=PKIOperation', 400],
    ['PKIOperation with no base64', '?operation=PKIOperation&message=!!!', 400],
    ['PKIOperation with no CMS', '?operation=PKIOperation&message=AAAA', 400]) {
    my ($name, $query, $status) = @$case;
    my $refused = get(scep_url() . $query);
    is("$refused->{status} " . header($refused, 'content-type'), "$status text/plain", "operation: $name");
}
is(post(scep_url() . '?operation=PKIOperation', 'x' x 100)->{status}, 400, 'POST of no CMS: 400');
for my $case (['POST', 'GetCACaps', 'GET, HEAD'], ['POST', 'GetCACert', 'GET, HEAD'], ['PUT', 'PKIOperation', 'GET, POST'],
    ['HEAD', 'PKIOperation', 'GET, POST'], ['DELETE', 'PKIOperation', 'GET, POST']) {
    my ($method, $operation, $allow) = @$case;
    my $refused = http(scep_url() . "?operation=$operation", $method eq 'HEAD' ? '-I' : (-X => $method));
    is("$refused->{status} " . header($refused, 'allow'), "405 $allow", "$method $operation: 405");
}
is(post(scep_url() . '?operation=PKIOperation', 'x' x 170_000)->{status}, 413, 'a body of 170000 octets: 413');
is(http(scep_url() . '?operation=PKIOperation', '--data-binary', '@' . write_file('large', 'x' x 170_000),
    -H => 'Transfer-Encoding: chunked', -H => 'Expect:')->{status}, 413, 'in chunks too');
