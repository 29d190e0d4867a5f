#!/usr/bin/perl
# Writes the messages of this folder anew, with openssl cmp (3.0) and its mock server; those
# with PBMAC1, which it does not have, are put together here.
use strict;
use warnings;
use File::Basename;
use File::Temp 'tempdir';

my $here = dirname(__FILE__);
my $tmp  = tempdir(CLEANUP => 1);

sub run { system(@_) == 0 or die "@_: failed\n" }

sub slurp {
    open my $file, '<:raw', $_[0] or die "$_[0]: $!\n";
    local $/;
    return <$file>;
}

sub spew {
    my ($name, $bytes) = @_;
    open my $file, '>:raw', "$here/$name.der" or die "$name: $!\n";
    print $file $bytes;
    close $file or die "$name: $!\n";
}

sub tlv {
    my ($tag, $content) = (shift, join '', @_);
    my $size = length $content;
    my $length = $size < 128 ? pack('C', $size)
               : $size < 256 ? pack('CC', 0x81, $size)
               :               pack('Cn', 0x82, $size);
    return pack('C', $tag) . $length . $content;
}

# The elements of this content.
sub elements {
    my ($rest, @all) = (shift);
    while (length $rest) {
        my ($size, $header) = (ord substr($rest, 1, 1), 2);
        if ($size > 0x80) {
            $header += $size - 0x80;
            $size = unpack 'N', substr("\0" x 4 . substr($rest, 2, $header - 2), -4);
        }
        push @all, substr $rest, 0, $header + $size, '';
    }
    return @all;
}

sub content {
    my $size = ord substr $_[0], 1, 1;
    return substr $_[0], $size > 0x80 ? 2 + $size - 0x80 : 2;
}

sub oid { tlv(0x06, pack 'H*', shift) }
sub integer { tlv(0x02, pack 'n', shift) }

# A CA and end entities below it.
sub certificate {
    my ($name, @key) = @_;
    run qw(openssl genpkey -quiet -out), "$tmp/$name.key", '-algorithm', @key;
    if ($name eq 'ca') {
        run qw(openssl req -x509 -days 7300 -subj), '/CN=CMP vectors', '-key', "$tmp/ca.key",
            '-addext', 'keyUsage=digitalSignature,keyCertSign', '-out', "$tmp/ca.pem";
        return;
    }
    open my $extensions, '>', "$tmp/extensions" or die;
    print $extensions "keyUsage=digitalSignature\nsubjectKeyIdentifier=hash\n";
    close $extensions;
    run qw(openssl req -new -subj), "/O=Example/CN=$name", '-key', "$tmp/$name.key", '-out',
        "$tmp/$name.csr";
    run qw(openssl x509 -req -days 7300 -CAcreateserial -CA), "$tmp/ca.pem", '-CAkey',
        "$tmp/ca.key", '-in', "$tmp/$name.csr", '-extfile', "$tmp/extensions", '-out',
        "$tmp/$name.pem";
}

# One run of client and server; the names of files of what they say.
sub exchange {
    my ($requests, $responses, @options) = @_;
    run qw(openssl cmp -config), '', qw(-verbosity 3 -use_mock_srv -recipient),
        '/CN=CMP vectors', '-reqout', join(' ', map {"$here/$_.der"} @$requests), '-rspout',
        join(' ', map {"$here/$_.der"} @$responses), @options;
}

# SEQUENCE { PBKDF2 { salt, iterations, key length, HMAC }, HMAC } with SHA-2.
sub pbmac1 {
    my ($name, $hash, $octets) = @_;
    my $hmac = tlv(0x30, oid('2a864886f70d02' . {256 => '09', 512 => '0b'}->{$hash}), "\5\0");
    my $salt = 'salt of 16 bytes';
    my $parameters = tlv(
        0x30,
        tlv(0x30,
            oid('2a864886f70d01050c'),
            tlv(0x30, tlv(0x04, $salt), integer(1000), tlv(0x02, chr $octets), $hmac)),
        $hmac);
    my ($header, $body) = elements(content(slurp("$here/pbm_ir.der")));
    my $algorithm = tlv(0xa1, tlv(0x30, oid('2a864886f70d01050e'), $parameters));
    $header = tlv(0x30, map { ord == 0xa1 ? $algorithm : $_ } elements(content($header)));
    my $key = qx(openssl kdf -keylen $octets -kdfopt digest:SHA$hash -kdfopt pass:secret \\
                 -kdfopt 'salt:$salt' -kdfopt iter:1000 PBKDF2);
    $key =~ s/[:\s]//g;
    open my $part, '>:raw', "$tmp/part" or die;
    print $part tlv(0x30, $header, $body);
    close $part;
    my $mac = qx(openssl mac -digest SHA$hash -macopt hexkey:$key -in $tmp/part HMAC);
    $mac =~ s/\s//g;
    spew($name, tlv(0x30, $header, $body, tlv(0xa0, tlv(0x03, "\0", pack 'H*', $mac))));
}

certificate('ca', 'EC',  '-pkeyopt', 'ec_paramgen_curve:P-256');
certificate('p256', 'EC',  '-pkeyopt', 'ec_paramgen_curve:P-256');
certificate('p384', 'EC',  '-pkeyopt', 'ec_paramgen_curve:P-384');
certificate('rsa', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048');

my @secret = qw(-ref reference -secret pass:secret);
my @server = (qw(-srv_ref reference -srv_secret pass:secret -rsp_cert), "$tmp/p256.pem");
my @enrol  = ('-subject', '/O=Example/CN=p256', '-newkey', "$tmp/p256.key", '-certout',
    "$tmp/out.pem");

exchange([qw(pbm_ir pbm_certconf)], [qw(pbm_ip pbm_pkiconf)], '-cmd', 'ir', @secret, @server,
    @enrol);
exchange(['pbm_implicit_ir'], ['pbm_implicit_ip'], qw(-cmd ir -implicit_confirm),
    '-grant_implicitconf', @secret, @server, @enrol);
exchange(['pbm_sha512_cr', 'pbm_sha512_certconf'], ['pbm_sha512_cp', 'pbm_sha512_pkiconf'],
    qw(-cmd cr -mac hmacWithSHA512 -digest sha512), @secret, @server, @enrol);
exchange(['pbm_genm'], ['pbm_genp'], qw(-cmd genm -infotype signKeyPairTypes), @secret,
    @server);
for my $key (qw(rsa p256 p384)) {
    my @digest = $key eq 'p384' ? qw(-digest sha384) : ();
    exchange(
        ["${key}_cr", "${key}_certconf"], ["${key}_cp", "${key}_pkiconf"],
        qw(-cmd cr -certout), "$tmp/out.pem", '-cert', "$tmp/$key.pem", '-key',
        "$tmp/$key.key", '-newkey', "$tmp/p256.key", '-subject', '/O=Example/CN=p256',
        '-trusted', "$tmp/ca.pem", '-srv_cert', "$tmp/$key.pem", '-srv_key', "$tmp/$key.key",
        '-srv_trusted', "$tmp/ca.pem", '-rsp_cert', "$tmp/p256.pem", @digest);
}
pbmac1('pbmac1_sha256_ir', 256, 32);
pbmac1('pbmac1_sha512_ir', 512, 64);
