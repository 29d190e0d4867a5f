# signerctl and a real signerd: what was issued and refused is listed, shown and verified.
use strict;
use warnings;
use Enroll::FakeSigner qw(frame);
use Enroll::Test;

use constant {ISSUE => 2, EST => "\1", ENROLL => "\1", BASIC => "\1"};

start_signerd();
my $frontend = IO::Socket::UNIX->new(Peer => path('signerd.sock')) or die $!;

# The kind of the answer: 3 is a certificate, 1 an error.
sub issue {
    my ($csr) = @_;
    my $der = must(qw(openssl req -outform DER -in), $csr);
    syswrite $frontend, frame(ISSUE, 'request.', [1, 'device'], [2, EST], [3, ENROLL], [4, $der],
        [6, BASIC], [7, 'robot'], [9, '192.0.2.9']);
    sysread $frontend, my $length, 4;
    my ($answer, $size) = ('', unpack 'N', $length);
    while (length $answer < $size) {
        sysread $frontend, $answer, $size - length $answer, length $answer or die 'cut off';
    }
    return unpack 'x C', $answer;
}

is(issue(new_csr($_, "/CN=$_/O=Gr\xc3\xb6\xc3\x9fe")), 3, "$_ is issued") for qw(one two three);
is(issue(new_csr('four', '/CN=four/L=Nowhere')), 1, 'an attribute too many');

my $certificates = JSON::PP::decode_json(signerctl(qw(--json cert list))->{out})->{certificates};
is_deeply([map { $_->{subject} } @$certificates], [map { "O=Gr\x{f6}\x{df}e,CN=$_" } qw(one two three)],
    'issued, in order');
is_deeply([map { $_->{subject} } @{JSON::PP::decode_json(
    signerctl(qw(--json cert list --subject CN=two))->{out})->{certificates}}],
    ["O=Gr\x{f6}\x{df}e,CN=two"], 'found by subject');
is(scalar(split /\n/, signerctl(qw(cert list --limit 2))->{out}), 3, 'heading and two rows');

is_deeply([map { $_->{status} } @$certificates], [('good') x 3], 'and good');

my $serial = $certificates->[1]{serial};
my $shown = signerctl('cert', 'show', join ':', uc($serial) =~ /../g);
is($shown->{status}, 0, 'shown by a serial with colons');
my ($pem) = $shown->{out} =~ /(-----BEGIN.*)/s;
is(lc((cert_text($pem, '-serial') =~ /=(.*)/)[0]), $serial, 'PEM of that serial');
is(cert_text($pem, '-pubkey'), public_key('two'), 'and of that key');

my @rows = audit_rows();
is_deeply([map { "$_->{sequence} $_->{decision}" } @rows],
    ['1 allow', '2 allow', '3 allow', '4 deny'], 'a record for each decision');
is($rows[1]{serial}, $serial, 'record tells the serial');
is_deeply([map { "@$_{qw(protocol operation credential credential_name client_address)}" } @rows],
    [('est enroll basic robot 192.0.2.9') x 4], 'and who asked');
is($rows[3]{reason}, 'denied', 'and why it was refused');

like(signerctl(qw(audit verify))->{out}, qr/^audit: 4 records, chain intact, head $rows[3]{hash}$/,
    'chain is intact');
is(signerctl(qw(audit export --output), path('export'))->{status}, 0, 'exported');
like(signerctl(qw(audit verify --file), path('export'))->{out}, qr/^audit: 4 records, /, 'verified');
like(signerctl('status')->{out}, qr/^Certificates: +3\nRevoked: +0\nWaiting: +0\nAudit records: +4$/m, 'status counts');
