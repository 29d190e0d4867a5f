# What devices do that RFC 8894 does not have them do: served where it is harmless, refused with a
# CertRep where it is not.
use strict;
use warnings;
use Enroll::Forge;
use Enroll::Test;
use IO::Socket::INET;
use MIME::Base64 qw(encode_base64);

start_scep(http => 'large_client_header_buffers 4 32k;', locations => join '', scep_location('/scep'),
    scep_location('/des3', 'scep_des3 on;'), scep_location('/sha1', 'scep_sha1 on;'), scep_location('/legacy', 'scep_legacy on;'),
    scep_location('/words', 'scep_capabilities AES SHA-256 SHA-384 DES3;'));

# A GET with just this text as its message, over a socket: {status, headers, body}.
sub raw_get {
    my ($text, $version, @headers) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . port('http')) or die "nginx: $!";
    print {$socket} join "\r\n", "GET /scep?operation=PKIOperation&message=$text HTTP/$version", @headers, '', '';
    local $/;
    my ($head, $body) = split /\r\n\r\n/, <$socket> // '', 2;
    my %headers = map { /^([^:]+):\s*(.*)$/ ? (lc $1, $2) : () } split /\r\n/, $head // '';
    my ($status) = ($head // '') =~ m{^HTTP/1\.\d (\d+)};
    return {status => $status // 0, headers => \%headers, body => $body // ''};
}
sub close_after { my ($text) = @_; return raw_get($text, '1.1', 'Host: localhost', 'Connection: close') }

# --- the message of a GET ---

# One whose base64 has both of the characters that make trouble.
client('get');
my $message;
my $tries = 0;
do { $message = forge('get', transaction => 'T-' . $tries++) } until encode_base64($message, '') =~ m{\+.*/|/.*\+};
my $base64 = encode_base64($message, '');
my $percent = sub { my ($text) = @_; return $text =~ s{([^A-Za-z0-9])}{sprintf '%%%02x', ord $1}ger };
my $wrapped = encode_base64($message);
my %forms = (
    'standard base64, + and / as they are' => $base64,
    'percent-escapes in lower case' => $percent->($base64),
    'everything escaped' => join('', map { sprintf '%%%02X', ord } split //, $base64),
    'wrapped with %0A' => $wrapped =~ s/\n/%0A/gr,
    'wrapped with %0D%0A, the rest escaped' => join('%0D%0A', map { $percent->($_) } split /\n/, $wrapped),
    'with spaces at the ends' => "%20$base64%20",
    'without padding' => $base64 =~ s/=+$//r,
    'base64url' => $base64 =~ tr{+/}{-_}r,
    'base64url without padding' => $base64 =~ tr{+/}{-_}r =~ s/=+$//r);
for my $form (sort keys %forms) {
    succeeds(read_reply('get', close_after($forms{$form})), 'get', $form);
}
is(close_after($percent->($base64) =~ s/%2b/%20/gir)->{status}, 400, '+ that became a space: refused');
is(close_after("$base64%")->{status}, 400, 'half an escape: refused');
is(close_after("$base64!")->{status}, 400, 'a character that is none of base64: refused');

my $old = raw_get($base64, '1.0');
succeeds(read_reply('get', $old), 'get', 'HTTP/1.0 without Host');
is($old->{headers}{'transfer-encoding'}, undef, 'no chunks');
is($old->{headers}{'content-length'}, length $old->{body}, 'Content-Length');
client('huge', genpkey => [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:4096)]);
my $huge = forge('huge', certs => write_file('many.pem', read_file('huge.pem') . read_file('ca/root.pem') x 10));
cmp_ok(length encode_base64($huge, ''), '>', 8192, 'a message of more than 8 KB');
succeeds(read_reply('huge', close_after(encode_base64($huge, ''))), 'huge', 'in a GET');

# --- how messages are encoded ---

my %odd = (
    'indefinite lengths' => {ber => 1}, 'unsorted attributes, signed in order' => {order => 'reverse'},
    'unsorted attributes, signed as they are' => {order => 'reverse', signed => 'sent'},
    'indefinite lengths, unsorted attributes' => {ber => 1, order => 'reverse'},
    'rsaEncryption' => {algorithm => 'rsa'}, 'sha256WithRSAEncryption' => {algorithm => 'full'},
    'sha512WithRSAEncryption' => {algorithm => 'full', digest => 'sha512'}, 'SHA-384' => {digest => 'sha384'},
    'AES-192' => {cipher => 'aes192'}, 'AES-256' => {cipher => 'aes256'});
for my $how (sort keys %odd) {
    succeeds(exchange('get', %{$odd{$how}}), 'get', $how);
}
my %ids = (
    'a nonce of 8 octets' => {nonce => '0102030405060708'}, 'a nonce of 64 octets' => {nonce => '5a' x 64},
    'transactionID: hexadecimal' => {transaction => 'ABCDEF0123456789'}, 'transactionID: base64' => {transaction => 'q83vASNFZ4k+/w=='},
    'transactionID: octets of a digest' => {transaction_hex => '00ff0a0d80' . 'c3' x 15},
    'transactionID: UTF8String' => {transaction => "Ger\xc3\xa4t", transaction_tag => 0x0c},
    'transactionID: IA5String' => {transaction => 'a@b', transaction_tag => 0x16},
    'transactionID: TeletexString' => {transaction_hex => 'e4f6fc', transaction_tag => 0x14},
    'transactionID: 255 octets' => {transaction => 'y' x 255});
for my $how (sort keys %ids) {
    my %option = %{$ids{$how}};
    my $reply = exchange('get', %option);
    succeeds($reply, 'get', $how);
    my $id = $option{transaction_hex} // unpack 'H*', $option{transaction} // 'T-get';
    my $size = length($id) / 2;
    my $length = $size > 127 ? sprintf('81%02x', $size) : sprintf('%02x', $size);
    is($reply->{transaction}, sprintf('%02x', $option{transaction_tag} // 0x13) . $length . $id, 'given back as it came');
    my $nonce = $option{nonce} // '4e' x 16;
    is($reply->{recipient_nonce}, '04' . sprintf('%02x', length($nonce) / 2) . $nonce, 'the nonce too');
}
is(run(qw(openssl asn1parse -inform DER -in), write_file('ber', forge('get', ber => 1)))->{out} =~ /l=inf/ ? 1 : 0, 1,
    'OpenSSL finds the lengths indefinite');

# --- algorithms of old devices ---

# Which locations serve them.
my %served = (
    'cipher des3' => [qw(/des3 /legacy)], 'digest sha1' => [qw(/sha1 /legacy)], 'digest md5' => ['/legacy'], 'cipher des' => ['/legacy']);
for my $which (sort keys %served) {
    my ($option, $value) = split / /, $which;
    for my $path (qw(/scep /des3 /sha1 /legacy)) {
        my $reply = exchange('get', $option => $value, transaction => "$which $path", http => {path => $path});
        if (grep { $_ eq $path } @{$served{$which}}) {
            succeeds($reply, 'get', "$path: $value");
            is($reply->{$option}, $value, 'so is the answer');
        } else {
            fails($reply, 0, "$path: $value");
            is($reply->{digest}, 'sha256', 'no answer has a digest that nobody believes');
        }
    }
}
sub caps { my ($path) = @_; return join ' ', sort split /\n/, get(scep_url($path) . '?operation=GetCACaps')->{body} }
my $always = 'AES POSTPKIOperation Renewal SCEPStandard SHA-256 SHA-512';
is(caps('/scep'), $always, 'GetCACaps');
is(caps('/des3'), join(' ', sort split / /, "$always DES3"), 'with scep_des3');
is(caps('/sha1'), join(' ', sort split / /, "$always SHA-1"), 'with scep_sha1');
is(caps('/words'), 'AES DES3 SHA-256 SHA-384', 'with scep_capabilities, what that says');

# --- certificates that devices make for themselves ---

my %signers = (
    'a critical authorityKeyIdentifier' => 'authorityKeyIdentifier=critical,keyid:always',
    'an extension that is critical and unknown' => '1.2.3.4=critical,DER:0500',
    'no extensions' => '', 'CA:TRUE' => 'basicConstraints=CA:TRUE');
for my $which (sort keys %signers) {
    my $extensions = write_file('signer.ext', "subjectKeyIdentifier=hash\n$signers{$which}\n");
    must(qw(openssl req -new -key), path('get.key'), '-subj', '/CN=get', '-out', path('get.csr'));
    must(qw(openssl x509 -req -in), path('get.csr'), '-signkey', path('get.key'), '-extfile', $extensions, '-out', path('get.pem'));
    succeeds(exchange('get', transaction => $which), 'get', "the signer: $which");
}
must(qw(openssl x509 -req -in), path('get.csr'), '-signkey', path('get.key'), qw(-set_serial 0 -sha1 -out), path('get.pem'));
succeeds(exchange('get', transaction => 'zero'), 'get', 'the signer: serial 0, signed with SHA-1');

# --- a CSR signed with SHA-1, which signerd verifies unless it takes the word of nginx ---

client('oldcsr', digest => 'sha1');
fails(exchange('oldcsr', digest => 'sha1', http => {path => '/sha1'}), 0, 'a CSR signed with SHA-1');
my $config = scep_config();
$config->{listen}[0]{peers}[0]{verify_possession} = JSON::PP::false();
reload_signerd($config);
ok(wait_until(sub { exchange('oldcsr', digest => 'sha1', http => {path => '/sha1'})->{status} eq '0' }),
    'without verify_possession: the signature of the message proves the key');
client('otherkey');
client_csr('otherkey', key => 'oldcsr', digest => 'sha1', challenge => 'open sesame');
fails(exchange('otherkey', digest => 'sha1', http => {path => '/sha1'}), 1, 'but no key that it does not prove');
