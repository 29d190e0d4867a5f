# What somebody can do who has seen the messages of others, or has a certificate of his own: not
# more than a stranger, and the answers tell him nothing.
use strict;
use warnings;
use Enroll::Forge;
use Enroll::Test;

ca_init();
my $config = scep_config();
$config->{challenges}{token} = {type => 'hmac', keys => [{id => 'k1', file => path('token.key')}]};
write_file('token.key', 'f' x 64, 0600);
$config->{profiles}{device}{scep}{challenges} = ['token', 'lab'];
start_scep(config => $config);

sub serial { my ($pem) = @_; return cert_text($pem, '-serial') =~ s/serial=|\s//gr }
# All of an answer that a client can compare.
sub told { my ($reply) = @_; return join '|', map { $_ // '' } @$reply{qw(status fail_info text)}, length $reply->{http}{body} }
sub all_alike {
    my ($name, @replies) = @_;
    my %told;
    $told{told($_)}++ for @replies;
    is(scalar keys %told, 1, $name) or diag explain \%told;
    return;
}
sub enrolled {
    my ($name, %option) = @_;
    client($name, %option);
    my $pem = succeeds(exchange($name), $name, "$name enrols");
    use_certificate($name, $pem);
    return $pem;
}

client($_) for qw(victim thief);
my $message = forge('victim', transaction => 'victim-1');
my $captured = write_file('captured', $message);

# --- another envelope under a captured signature ---

my @victims = (key => path('victim.key'), cert => path('victim.pem'));
fails(exchange('thief', @victims, captured => $captured, transaction => 'victim-1', reply => {key => path('thief.key')}), 1,
    'another envelope under a captured signature');
fails(exchange('thief', message_digest => '00' x 32), 1, 'a digest that is not that of the content');
fails(exchange('thief', flip => 'signature'), 1, 'a signature with a bit changed');
fails(exchange('thief', sid => path('victim.pem'), certs => path('victim.pem')), 1, 'a certificate whose key one has not');

# --- a captured message sent again ---

my $first = read_reply('victim', send_message($message));
my $pem = succeeds($first, 'victim', 'the victim itself');
my $replayed = read_reply('thief', send_message($message));
is("$replayed->{status} $replayed->{envelope}", '0 CMS: the envelope is for somebody else',
    'sent by somebody else: an answer that only the victim can open');
is(serial(certificate_of(read_reply('victim', send_message($message)))), serial($pem), 'with the same certificate');

# --- a captured envelope under a signature of one's own ---

my $envelope = write_file('envelope', captured_content($message));

# The eContent, found by its header: an OCTET STRING around a ContentInfo of id-envelopedData.
sub captured_content {
    my ($signed) = @_;
    my $oid = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
    my $at = index($signed, $oid) - 4;    # SEQUENCE with two octets of length
    return substr $signed, $at, 4 + unpack 'n', substr $signed, $at + 2, 2;
}
my @changed = map { my $text = read_file('envelope'); substr($text, $_, 1) ^= "\x01"; write_file("changed$_", $text) } -1, -17, -40, -500;

all_alike('PKCSReq: the envelope of another, as it is and changed', map { exchange('thief', envelope => $_) } $envelope, @changed);
all_alike('RenewalReq: changed', map { exchange('thief', type => 17, envelope => $_) } @changed);
fails(exchange('thief', envelope => $envelope), 1, 'the envelope of another');
client_csr('thief', key => 'victim', challenge => 'open sesame');
fails(exchange('thief'), 1, 'a CSR for a key that is not the signer\'s');
client_csr('thief', challenge => 'open sesame');

# --- what a private key of RSA must not tell (Bleichenbacher, Vaudenay) ---

my @probes = qw(random_octets zero too_large empty short_key long_key no_key wrong_key cut longer first_octet block_type
    early_zero no_zero garbage half_content no_content padding_zero padding_long half_block no_block flipped);
all_alike('PKCSReq: whatever is wrong with an envelope', map { exchange('thief', probe => $_) } @probes);
fails(exchange('thief', probe => 'block_type'), 1, 'PKCSReq: a wrong padding');

# An IssuerAndSerialNumber that anybody can make out of an envelope by its IV: no name, a number.
my $nobody = write_file('nobody', "\x30\x23\x30\x00\x02\x1f" . "\x55" x 31);
my @lookup = (content => $nobody, transaction => 'nobody');
for my $type (21, 22) {
    all_alike("messageType $type: whatever comes out of an envelope",
        map { exchange('thief', type => $type, @lookup, $_ eq 'none' ? () : (probe => $_)) } 'none', @probes);
    fails(exchange('thief', type => $type, @lookup), 4, "messageType $type: nobody's");
}
my $names = write_file('names', "\x30\x04\x30\x00\x30\x00");
all_alike('CertPoll: whatever comes out of an envelope',
    map { exchange('thief', type => 20, content => $names, transaction => 'nobody', $_ eq 'none' ? () : (probe => $_)) } 'none', @probes);

# The answer to an EC key is sealed with the challenge inside, which must not tell more.
client('curve', genpkey => [qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)]);
all_alike('an EC key: the envelope of another', map { exchange('curve', envelope => $_) } $envelope, @changed);
all_alike('an EC key: whatever is wrong with an envelope', map { exchange('curve', probe => $_) } @probes);
all_alike('an EC key: a look-up', map { exchange('curve', type => 21, @lookup, $_ eq 'none' ? () : (probe => $_)) } 'none', @probes);
succeeds(exchange('curve', reply => {password => 'open sesame'}), 'curve', 'an EC key: its own envelope');
client('tiny', genpkey => [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:768)], challenge => undef);
all_alike('a short key: the envelope of another', map { exchange('tiny', envelope => $_) } $envelope, @changed);

# --- the transactionID of another ---

fails(exchange('thief', transaction => 'victim-1'), 2, 'PKCSReq in the transaction of another');
my @poll = (type => 20, poll_issuer => path('ca/issuing.pem'), poll_subject => path('victim.pem'));
my $poll = exchange('thief', @poll, transaction => 'victim-1');
fails($poll, 4, 'CertPoll in the transaction of another');
is($poll->{text}, exchange('thief', @poll, transaction => 'victim-2')->{text}, 'as in one that nobody began');
is(serial(certificate_of(exchange('victim', @poll, transaction => 'victim-1'))), serial($pem), 'its own client gets the certificate');

# --- a challenge that is used up ---

my $token = JSON::PP::decode_json(signerctl(qw(--json challenge create --profile device --challenge token))->{out})->{challenge};
client('token1', challenge => $token);
client('token2', challenge => $token);
my $used = succeeds(exchange('token1'), 'token1', 'a token');
fails(exchange('token2'), 2, 'the same token for another client');
fails(exchange('token1', transaction => 'other'), 2, 'for another transaction');
is(serial(succeeds(exchange('token1'), 'token1', 'in the same transaction')), serial($used), 'the same certificate');
client('nochallenge', challenge => 'open barley');
is(told(exchange('token2')) =~ s/\|\d+$//r, told(exchange('nochallenge')) =~ s/\|\d+$//r, 'a used one is told as a wrong one');

# --- renewals signed with certificates that are none of ours ---

ca_init('other', '--root-name', 'CN=Other Root', '--name', 'CN=Other Issuing');
ca_init('twin');    # another key, the same names
sub certify {
    my ($name, $ca, @options) = @_;
    client($name, challenge => undef);
    must(qw(openssl req -new -key), path("$name.key"), '-subj', "/CN=$name", '-out', path("$name.csr"));
    must(qw(openssl x509 -req -days 2 -in), path("$name.csr"), '-CA', path("$ca/issuing.pem"), '-CAkey', path("$ca/issuing.key"),
        @options ? @options : '-CAcreateserial', '-out', path("$name.pem"));
    return $name;
}
my %foreign = (
    'of another CA' => certify('foreign', 'other'),
    'of a CA with our name' => certify('twin', 'twin'),
    'of a CA with our name, with a serial of ours' => certify('serial', 'twin', -set_serial => '0x' . serial($pem)),
    'of our CA, made behind the back of signerd' => certify('behind', 'ca'));
client('selfmade', challenge => undef);
$foreign{'that the client made itself'} = 'selfmade';

enrolled('revoked');
is(signerctl('revoke', serial(read_file('revoked.pem')))->{status}, 0, 'one is revoked');
client_csr('revoked');
$foreign{'that is revoked'} = 'revoked';
for my $which (sort keys %foreign) {
    for my $type (17, 19) {
        next if $type == 19 && $which =~ /made itself/;
        fails(exchange($foreign{$which}, type => $type, transaction => "renew-$which-$type"), 2, "messageType $type with a certificate $which");
    }
}
write_file('ra-client.key', read_file('ra.key'), 0600);
write_file('ra-client.pem', read_file('ra.pem'));
client_csr('ra-client');
fails(exchange('ra-client', type => 17), 2, 'with the certificate of the RA');

enrolled('insider');
client_csr('insider', challenge => 'open sesame', subject => '/CN=victim');
fails(exchange('insider', type => 17, transaction => 'as-victim'), 2, 'for the name of another');
fails(exchange('insider', type => 17, envelope => $envelope, transaction => 'for-victim'), 2, 'with the envelope of another as it is');
all_alike('with the envelope of another, changed', map { exchange('insider', type => 17, envelope => $_) } @changed);

# --- messages that are none ---

for my $attribute (qw(type transaction nonce content_type message_digest)) {
    for my $how (qw(omit double)) {
        my $reply = exchange('thief', $how => $attribute, transaction => 'thief-2');
        like("$reply->{status} " . ($reply->{fail_info} // ''), qr/^(?:HTTP 400 |2 1)$/, "$attribute: $how");
    }
}
for my $type ('3', '18', '99', '019', '19 ', '', '-1', '4294967315', '18446744073709551635') {
    is(exchange('thief', type => $type)->{status}, 'HTTP 400', "messageType '$type'");
}
for my $nonce ('', '00' x 7, '00' x 65) {
    is(exchange('thief', nonce => $nonce)->{status}, 'HTTP 400', 'a nonce of ' . length($nonce) / 2 . ' octets');
}
is(exchange('thief', transaction => 'x' x 256)->{status}, 'HTTP 400', 'a transactionID of 256 octets');
is(exchange('thief', transaction => '')->{status}, 'HTTP 400', 'an empty one');

is(exchange('thief', recipients => 1000)->{status}, 'HTTP 413', 'a thousand recipients');
fails(exchange('thief', recipients => 300), 2, 'as many as fit into a message');
succeeds(exchange('thief', recipients => 8, transaction => 'thief-3'), 'thief', 'eight of them are enough');
for my $depth (40, 1000, 38_000) {
    is(send_message("\x30\x80" x $depth . "\x00\x00" x $depth)->{status}, 400, "BER in $depth indefinite lengths");
    is(send_message("\x30\x80" x $depth)->{status}, 400, 'without their ends');
    fails(exchange('thief', envelope => write_file('deep', "\x30\x80" x $depth . "\x00\x00" x $depth)), 2, 'as the content')
        if $depth < 38_000;
}
my $pieces = write_file('pieces', "\x24\x80" . "\x04\x01\x00" x 20_000 . "\x00\x00");
is(send_message(read_file('pieces'))->{status}, 400, 'a string in 20000 pieces');
is(send_message("\x30\x84\xff\xff\xff\xff" . 'x' x 100)->{status}, 400, 'a length of four gigabytes');
is(send_message(substr $message, 0, -1)->{status}, 400, 'a message without its last octet');
is(send_message($message . "\x00")->{status}, 400, 'with one more');
