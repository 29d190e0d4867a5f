# What clients of serverkeygen (RFC 7030 4.4) send and get, made and read by openssl and Python.
package Enroll::Keygen;
use strict;
use warnings;
use Enroll::Test;
use Exporter 'import';
use MIME::Base64 ();

our @EXPORT = qw(symmetric_id asymmetric_id capabilities attributed_csr parts key_of opened);

my %algorithms = (
    'aes128-cbc' => '060960864801650304' . '0102', 'aes256-cbc' => '060960864801650304' . '012a',
    'aes128-wrap' => '060960864801650304' . '0105', 'aes256-wrap' => '060960864801650304' . '012d',
    rsa => '06092a864886f70d010101', des3 => '06082a864886f70d0307',
);

sub tlv {
    my ($tag, $content) = @_;
    my $size = length $content;
    my $length = $size < 0x80 ? chr $size : $size < 0x100 ? "\x81" . chr $size : "\x82" . pack 'n', $size;
    return chr($tag) . $length . $content;
}

sub attribute { my ($type, $value) = @_; return tlv(0x30, tlv(6, pack 'H*', $type) . tlv(0x31, $value)) }

# Attributes (RFC 7030 4.4.1.1, 4.4.1.2) with this identifier, in hexadecimal.
sub symmetric_id { return attribute('2a864886f70d0109100225', tlv(4, pack 'H*', $_[0])) }
sub asymmetric_id { return attribute('2a864886f70d0109100236', tlv(4, pack 'H*', $_[0])) }

# SMIMECapabilities with these algorithms.
sub capabilities {
    return attribute('2a864886f70d01090f', tlv(0x30, join '', map { tlv(0x30, pack 'H*', $algorithms{$_}) } @_));
}

# Elements of a DER sequence.
sub elements {
    my ($der) = @_;
    my @found;
    while (length $der) {
        my ($header, $size) = (2, ord substr $der, 1, 1);
        if ($size > 0x80) {
            $header += $size - 0x80;
            $size = unpack 'N', "\0" x (6 - $header) . substr $der, 2, $header - 2;
        }
        push @found, substr $der, 0, $header + $size, '';
        $found[-1] = [$header, $found[-1]];
    }
    return @found;
}
sub content { my ($element) = @_; return substr $element->[1], $element->[0] }

# The CSR of new_csr(), with these attributes and signed anew: path("$name.csr"), DER.
sub attributed_csr {
    my ($name, $subject, @attributes) = @_;
    my $der = must(qw(openssl req -outform DER -in), new_csr($name, $subject));
    my @csr = elements(content((elements($der))[0]));
    my @info = elements(content($csr[0]));
    my $info = tlv(0x30, join '', map({ $_->[1] } @info[0 .. 2]), tlv(0xa0, join '', @attributes));
    my $signature = must(qw(openssl dgst -sha256 -binary -sign), path("$name.key"), write_file("$name.info", $info));
    return slurp(write_file("$name.csr", tlv(0x30, $info . $csr[1][1] . tlv(3, "\0$signature"))));
}

# The answer as Python's reader of mail sees it: a list of {type, smime, encoding, der}.
sub parts {
    my ($reply) = @_;
    my $file = write_file('multipart', "Content-Type: $reply->{headers}{'content-type'}\r\n\r\n$reply->{body}");
    my $json = must('python3', '-c', <<'END', $file);
import base64, email, json, sys
message = email.message_from_binary_file(open(sys.argv[1], 'rb'))
assert not message.defects and message.is_multipart()
print(json.dumps([{'type': p.get_content_type(), 'smime': p.get_param('smime-type'), 'defects': len(p.defects),
    'encoding': p['Content-Transfer-Encoding'], 'hex': p.get_payload(decode=True).hex()} for p in message.get_payload()]))
END
    return map { {%$_, der => pack 'H*', $_->{hex}} } @{JSON::PP::decode_json($json)};
}

# The public key of a private one, as cert_text($pem, '-pubkey') has it.
sub key_of {
    my ($der) = @_;
    return run({in => $der}, qw(openssl pkey -inform DER -pubout))->{out};
}

# The private key in what openssl decrypts with these options, signed below path('ca/root.pem').
sub opened {
    my ($der, @options) = @_;
    my $signed = run(qw(openssl cms -decrypt -inform DER -binary -in), write_file('enveloped', $der), @options);
    if ($signed->{status}) { diag $signed->{err}; return '' }
    # Inside is SignedData, around which the command wants a ContentInfo.
    my $info = tlv(0x30, tlv(6, pack 'H*', '2a864886f70d010702') . tlv(0xa0, $signed->{out}));
    my $package = run(qw(openssl cms -verify -inform DER -binary -purpose any -CAfile), path('ca/root.pem'),
        '-certfile', path('ca/issuing.pem'), '-in', write_file('signed', $info));
    if ($package->{status}) { diag $package->{err}; return '' }
    return content((elements($package->{out}))[0]);
}

1;
