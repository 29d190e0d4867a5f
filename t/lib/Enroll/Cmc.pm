# Full PKI Requests, written here and signed by openssl cms, and the answers, verified by it.
package Enroll::Cmc;
use strict;
use warnings;
use Enroll::Process;
use Exporter 'import';
use MIME::Base64 ();

our @EXPORT = qw(tlv integer oid octets der_of_pem control pkcs10 crmf pki_data signed unsigned cmc_body
    cmc_answer);

# --- DER ---

sub tlv {
    my ($tag, @content) = @_;
    my $content = join '', @content;
    my $length = length $content;
    my $octets = $length < 0x80 ? '' : pack('N', $length) =~ s/^\0+//r;
    return chr($tag) . ($octets eq '' ? chr $length : chr(0x80 | length $octets) . $octets) . $content;
}

sub integer {
    my ($number) = @_;
    my $octets = pack('N', $number) =~ s/^\0+(?=.)//sr;
    return tlv(0x02, ord($octets) & 0x80 ? "\0$octets" : $octets);
}

sub oid {
    my ($first, $second, @arcs) = split /\./, $_[0];
    return tlv(0x06, pack 'w*', 40 * $first + $second, @arcs);
}

sub octets { return tlv(0x04, @_) }

sub der_of_pem {
    my ($pem) = @_;
    my ($base64) = $pem =~ /-----BEGIN [^\n]*\n(.*?)-----END/s;
    return MIME::Base64::decode_base64($base64);
}

# The elements of a content, each [tag, content].
sub elements {
    my ($der) = @_;
    my @found;
    while (length $der) {
        my ($tag, $length) = unpack 'CC', $der;
        my $start = 2;
        if ($length & 0x80) {
            my $size = $length & 0x7f;
            $start += $size;
            $length = hex unpack 'H*', substr $der, 2, $size;
        }
        push @found, [$tag, substr $der, $start, $length];
        substr $der, 0, $start + $length, '';
    }
    return @found;
}

# --- PKIData ---

# Types of controls are the last arc of id-cmc, or whole.
sub control {
    my ($id, $type, @values) = @_;
    $type = "1.3.6.1.5.5.7.7.$type" if $type !~ /\./;
    return tlv(0x30, integer($id), oid($type), tlv(0x31, @values));
}

sub pkcs10 { my ($id, $der) = @_; return tlv(0xa0, integer($id), $der) }

# CertReqMsg from a PKCS#10, whose subject and key it has; the proof is DER.
sub crmf {
    my ($id, $csr, $proof) = @_;
    my @info = elements((elements((elements($csr))[0][1]))[0][1]);
    my $template = tlv(0x30, tlv(0xa5, tlv(0x30, $info[1][1])), tlv(0xa6, $info[2][1]));
    return tlv(0xa1, tlv(0x30, integer($id), $template), $proof);
}

# Lists of elements: controls, requests, cms, others.
sub pki_data {
    my (%part) = @_;
    return tlv(0x30, map { tlv(0x30, @{$part{$_} || []}) } qw(controls requests cms others));
}

# --- messages ---

# The DER of a SignedData by path("$name.pem") and its key. Further options are those of openssl
# cms.
sub signed {
    my ($content, $name, @options) = @_;
    my $in = write_file('cmc.content', $content);
    unlink path('cmc.message');
    must(qw(openssl cms -sign -binary -nodetach -outform DER -econtent_type 1.3.6.1.5.5.7.12.2 -in), $in,
        '-signer', path("$name.pem"), '-inkey', path("$name.key"), '-out', path('cmc.message'), @options);
    return read_file('cmc.message');
}

sub unsigned {
    my ($content) = @_;
    my $data = tlv(0x30, oid('1.3.6.1.5.5.7.12.2'), tlv(0xa0, octets($content)));
    my $signed = tlv(0x30, integer(3), tlv(0x31), $data, tlv(0x31));
    return tlv(0x30, oid('1.2.840.113549.1.7.2'), tlv(0xa0, $signed));
}

sub cmc_body { return MIME::Base64::encode_base64($_[0]) }

# What a PKIResponse says, once the signature of the certificate path("$name.pem") verifies:
# {status, parts, text, fail, pending, controls (content by the last arc), certificates (PEM)}.
sub cmc_answer {
    my ($body, $name) = @_;
    my $message = write_file('cmc.answer', MIME::Base64::decode_base64($body));
    my @in = (qw(openssl cms -inform DER -in), $message);
    unlink path('cmc.response');
    my $verified = run(@in, qw(-verify -binary -purpose any -CAfile), path('ca/chain.pem'),
        '-out', path('cmc.response'), '-signer', path('cmc.signer'));
    return {error => $verified->{err}} if $verified->{status};
    return {error => 'somebody else has signed'}
        if der_of_pem(read_file('cmc.signer')) ne der_of_pem(read_file("$name.pem"));
    my %answer = read_response(read_file('cmc.response'));
    my $printed = run(qw(openssl pkcs7 -print_certs -inform DER -in), $message)->{out};
    $answer{certificates} = [$printed =~ /(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n)/sg];
    $answer{type} = run(@in, qw(-cmsout -print))->{out} =~ /eContentType: id-cct-PKIResponse/ ? 1 : 0;
    return \%answer;
}

sub read_response {
    my ($der) = @_;
    my ($controls) = elements((elements($der))[0][1]);
    my %answer;
    for my $control (elements($controls->[1])) {
        my (undef, $type, $values) = elements($control->[1]);
        my ($value) = elements($values->[1]);
        $answer{controls}{ord substr $type->[1], -1} = $value->[1];
    }
    return (%answer, read_status(delete $answer{controls}{25}));
}

sub number { return hex unpack 'H*', $_[0] }

sub read_status {
    my ($status, $parts, @rest) = elements($_[0]);
    my %answer = (status => number($status->[1]), parts => [map { number($_->[1]) } elements($parts->[1])]);
    for my $element (@rest) {
        $answer{text} = $element->[1] if $element->[0] == 0x0c;
        $answer{fail} = number($element->[1]) if $element->[0] == 0x02;
        $answer{pending} = (elements($element->[1]))[0][1] if $element->[0] == 0x30;
    }
    return %answer;
}

1;
