#!/usr/bin/perl
# Writes the files of this folder anew with the openssl command: see README.md.
# Keys and signatures are fresh each time, so every file changes. "generate.pl cms" writes that
# folder alone.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);

my $out  = dirname(__FILE__);
my $work = tempdir(CLEANUP => 1);

sub slurp {
    my ($path) = @_;
    open(my $file, '<:raw', $path) or die "$path: $!";
    local $/;
    return scalar <$file>;
}

sub spew {
    my ($path, $bytes) = @_;
    open(my $file, '>:raw', $path) or die "$path: $!";
    print $file $bytes;
    close($file) or die "$path: $!";
    return $path;
}

sub vector { my ($name, $bytes) = @_; return spew("$out/$name", $bytes); }

sub openssl {
    open(my $quiet, '>&', \*STDERR);
    open(STDERR, '>', "$work/stderr");
    my $status = system('openssl', @_);
    open(STDERR, '>&', $quiet);
    die "openssl @_: " . slurp("$work/stderr") if $status != 0;
    return;
}

# --- DER ---

sub tlv {
    my ($tag, @parts) = @_;
    my $content = join '', @parts;
    my $length  = length $content;
    my $octets  = '';
    for (my $rest = $length; $rest > 0; $rest >>= 8) { $octets = chr($rest & 0xff) . $octets; }
    my $header = $length < 128 ? chr $length : chr(0x80 | length $octets) . $octets;
    return chr($tag) . $header . $content;
}

sub sequence   { return tlv(0x30, @_); }
sub set        { return tlv(0x31, @_); }
sub bit_string { return tlv(0x03, "\0", @_); }

sub oid {
    my ($first, $second, @arcs) = split /\./, shift;
    my $content = chr(40 * $first + $second);
    for my $arc (@arcs) {
        my $octets = chr($arc & 0x7f);
        while ($arc >>= 7) { $octets = chr(0x80 | $arc & 0x7f) . $octets; }
        $content .= $octets;
    }
    return tlv(0x06, $content);
}

# Takes an element off the front: returns its tag, content, encoding, and what follows.
sub element {
    my ($der) = @_;
    my ($tag, $length) = unpack 'CC', $der;
    my $header = 2;
    if ($length & 0x80) {
        my $count = $length & 0x7f;
        $length = 0;
        $length = $length << 8 | ord substr($der, $header++, 1) for 1 .. $count;
    }
    return ($tag, substr($der, $header, $length), substr($der, 0, $header + $length),
        substr($der, $header + $length));
}

sub elements {
    my ($rest) = @_;
    my @found;
    while (length $rest) {
        my (undef, undef, $encoding, $after) = element($rest);
        push @found, $encoding;
        $rest = $after;
    }
    return @found;
}

sub content { my (undef, $content) = element($_[0]); return $content; }

# --- keys ---

my %keys = (
    p256      => [qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)],
    p384      => [qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-384)],
    p521      => [qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-521)],
    brainpool => [qw(-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1)],
    rsa2048   => [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)],
    rsa3072   => [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:3072)],
    pss       => [qw(-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048)],
    ed25519   => [qw(-algorithm ED25519)],
    ed448     => [qw(-algorithm ED448)],
    x25519    => [qw(-algorithm X25519)],
);
my @signers = qw(p256 p384 p521 rsa2048 rsa3072 ed25519 ed448);

sub key { return "$work/$_[0].key"; }

sub make_keys {
    openssl('genpkey', @{ $keys{$_} }, '-out', key($_)) for sort keys %keys;
    vector('key/pkcs8.pem', slurp(key('p256')));
    openssl(qw(ec -in), key('p256'), '-out', "$work/sec1.pem");
    openssl(qw(ecparam -name P-256 -out), "$work/parameters.pem");
    vector('key/sec1.pem', slurp("$work/parameters.pem") . slurp("$work/sec1.pem"));
    openssl(qw(rsa -traditional -in), key('rsa2048'), '-out', "$out/key/pkcs1.pem");
    openssl(qw(pkcs8 -topk8 -v2 aes-128-cbc -passout pass:secret -in),
        key('p256'), '-out', "$out/key/encrypted.pem");
    return;
}

# --- SubjectPublicKeyInfo ---

sub spki {
    my ($name, @options) = @_;
    openssl(qw(pkey -pubout -outform DER -in), key($name), '-out', "$work/spki.der", @options);
    return slurp("$work/spki.der");
}

sub rsa_spki {
    my ($modulus, $exponent) = @_;
    my $key = sequence(tlv(0x02, $modulus), tlv(0x02, $exponent));
    return sequence(sequence(oid('1.2.840.113549.1.1.1'), "\x05\0"), bit_string($key));
}

sub make_spkis {
    vector("spki/$_.der", spki($_)) for @signers, qw(pss brainpool x25519);
    vector('spki/p256_compressed.der', spki('p256', qw(-ec_conv_form compressed)));
    vector('spki/p256_explicit.der',   spki('p256', qw(-ec_param_enc explicit)));
    my $off_curve = spki('p256');
    substr($off_curve, -1) ^= "\x01";
    vector('spki/p256_off_curve.der', $off_curve);
    my ($n) = elements(content(substr(content((elements(content(spki('rsa2048'))))[1]), 1)));
    my $modulus = content($n);
    vector('spki/rsa_exponent_1.der',    rsa_spki($modulus, "\x01"));
    vector('spki/rsa_exponent_even.der', rsa_spki($modulus, "\x01\x00\x00"));
    vector('spki/rsa_exponent_huge.der', rsa_spki($modulus, "\x01" x 9));
    vector('spki/rsa_modulus_even.der',  rsa_spki("\0" . "\xfe" x 256, "\x01\x00\x01"));
    vector('spki/rsa_modulus_huge.der',  rsa_spki("\x7f" . "\xff" x 1024, "\x01\x00\x01"));
    return;
}

# --- certification requests ---

my $san = 'DNS:device.example.com,IP:192.0.2.7,IP:2001:db8::7,'
    . 'email:device@example.com,URI:urn:dev:7';

sub request_config {
    my (%with) = @_;
    my $text = "[req]\nprompt=no\nstring_mask=utf8only\ndistinguished_name=dn\n";
    $text .= "attributes=attributes\n"     if $with{attributes};
    $text .= "req_extensions=extensions\n" if $with{extensions};
    $text .= "[dn]\n" . ($with{subject} // "O=Example\nCN=device.example.com\n");
    $text .= "[attributes]\n$with{attributes}\n" if $with{attributes};
    $text .= "[extensions]\n$with{extensions}\n" if $with{extensions};
    return spew("$work/req.conf", $text);
}

sub request {
    my ($key, %with) = @_;
    openssl(qw(req -new -outform DER -key),
        key($key), '-out', "$work/csr.der", '-config', request_config(%with),
        @{ $with{options} // [] });
    return slurp("$work/csr.der");
}

# A request signed anew with P-256 and SHA-256 around the info as it is given.
sub signed_request {
    my ($info) = @_;
    spew("$work/info.der", $info);
    openssl(qw(dgst -sha256 -sign), key('p256'), '-out', "$work/signature", "$work/info.der");
    return sequence($info, sequence(oid('1.2.840.10045.4.3.2')),
        bit_string(slurp("$work/signature")));
}

# The parts of the CertificationRequestInfo: version, subject, key, attributes.
sub info_parts { return elements(content((elements(content($_[0])))[0])); }

sub make_requests {
    vector("csr/$_.der", request($_)) for @signers;
    my @pss = map { ('-sigopt', $_) } qw(rsa_padding_mode:pss rsa_pss_saltlen:digest);
    vector('csr/rsa_pss.der',        request('rsa2048', options => [ '-sha256', @pss ]));
    vector('csr/rsa_pss_sha512.der', request('rsa2048', options => [ '-sha512', @pss ]));
    vector('csr/sha1.der',           request('rsa2048', options => ['-sha1']));
    vector('csr/challenge.der', request('p256', attributes => 'challengePassword=7+Zq/secret='));
    vector('csr/empty_subject.der',
        request('p256', options => [qw(-subj /)], extensions => "subjectAltName=critical,$san"));
    my $extensions = request(
        'p256',
        attributes => 'challengePassword=secret',
        extensions => "subjectAltName=$san\nkeyUsage=critical,digitalSignature\n"
            . 'extendedKeyUsage=clientAuth'
    );
    vector('csr/extensions.der', $extensions);
    make_changed_requests($extensions);
    return;
}

sub make_changed_requests {
    my ($request) = @_;
    my ($version, $subject, $key, $attributes) = info_parts($request);
    my $with = sub { return signed_request(sequence($version, $subject, $key, tlv(0xa0, @_))) };
    my ($extension_request) =
        grep { content((elements(content($_)))[0]) eq content(oid('1.2.840.113549.1.9.14')) }
        elements(content($attributes));
    my $extensions = content((elements(content($extension_request)))[1]);
    my ($challenge) = grep { $_ ne $extension_request } elements(content($attributes));
    my $microsoft = sequence(oid('1.3.6.1.4.1.311.2.1.14'), set($extensions));
    my $os_version = sequence(oid('1.3.6.1.4.1.311.13.2.3'), set(tlv(0x16, '10.0.19045.2')));
    my $challenge_oid = oid('1.2.840.113549.1.9.7');
    vector('csr/no_attributes.der', signed_request(sequence($version, $subject, $key)));
    vector('csr/microsoft.der', $with->($os_version, $microsoft));
    vector('csr/challenge_ia5.der', $with->(sequence($challenge_oid, set(tlv(0x16, 'secret')))));
    vector('csr/empty_extensions.der',
        $with->(sequence(oid('1.2.840.113549.1.9.14'), set(sequence()))));
    vector('csr/two_extension_requests.der', $with->($extension_request, $microsoft));
    vector('csr/two_challenges.der',         $with->($challenge, $challenge));
    vector('csr/challenge_two_values.der',
        $with->(sequence($challenge_oid, set(tlv(0x13, 'a'), tlv(0x13, 'b')))));
    vector('csr/challenge_integer.der', $with->(sequence($challenge_oid, set("\x02\x01\x07"))));
    vector('csr/attribute_empty.der',   $with->(sequence($challenge_oid, set())));
    my ($one) = elements(content($extensions));
    vector('csr/duplicate_extension.der',
        $with->(sequence(oid('1.2.840.113549.1.9.14'), set(sequence($one, $one)))));
    vector('csr/version_1.der',
        signed_request(sequence("\x02\x01\x01", $subject, $key, $attributes)));
    vector('csr/bad_signature.der', changed_at_end($request));
    vector('csr/trailing.der',      "$request\0");
    vector('csr/indefinite.der',    "\x30\x80" . content($request) . "\0\0");
    return;
}

sub changed_at_end {
    my ($der) = @_;
    substr($der, -1) ^= "\x01";
    return $der;
}

# --- certificates ---

my $ca_extensions = "basicConstraints=critical,CA:TRUE,pathlen:0\n"
    . "keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";
my $leaf_extensions = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
    . "extendedKeyUsage=clientAuth\nsubjectAltName=$san\n"
    . "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

sub certificate {
    my ($name, %with) = @_;
    my $config = request_config(subject => "O=Example\nCN=" . ($with{cn} // $name) . "\n");
    openssl(qw(req -new -config), $config, '-key', key($name), '-out', "$work/leaf.csr");
    spew("$work/extensions.conf", $with{extensions}) if $with{extensions};
    my @signer = ('-signkey', key($name));
    @signer = ('-CA', $with{ca}, '-CAkey', $with{ca_key}) if $with{ca};
    my @extensions = $with{extensions} ? ('-extfile', "$work/extensions.conf") : ();
    openssl(qw(x509 -req -days 36500 -outform DER -in),
        "$work/leaf.csr", @signer, @extensions, @{ $with{options} // [] },
        '-set_serial', $with{serial} // '0x7f00112233', '-out', "$work/cert.der");
    return slurp("$work/cert.der");
}

sub make_certificates {
    vector("cert/$_.der", certificate($_, extensions => $ca_extensions)) for @signers;
    openssl(qw(x509 -inform DER -in), "$out/cert/p256.der", '-out', "$work/ca.pem");
    my @issued =
        (extensions => $leaf_extensions, ca => "$work/ca.pem", ca_key => key('p256'));
    my $leaf = certificate('p384', cn => 'leaf', @issued);
    vector('cert/leaf.der', $leaf);
    openssl(qw(x509 -inform DER -in), "$out/cert/leaf.der", '-out', "$work/leaf.pem");
    vector('cert/chain.pem',
        "Subject: leaf\n" . slurp("$work/leaf.pem") . slurp(key('ed25519')) . slurp("$work/ca.pem"));
    vector('cert/v1.der', certificate('p256'));
    vector('cert/sha1.der',
        certificate('rsa2048', extensions => $ca_extensions, options => ['-sha1']));
    vector('cert/brainpool.der', certificate('brainpool', extensions => $ca_extensions));
    vector('cert/serial_zero.der',     certificate('p256', serial => '0'));
    vector('cert/serial_negative.der', certificate('p256', serial => '-5'));
    make_changed_certificates($leaf);
    return;
}

# Only parsers look at these: the signature is the old one.
sub make_changed_certificates {
    my ($leaf) = @_;
    my ($tbs, $algorithm, $signature) = elements(content($leaf));
    my ($version, $serial, @rest) = elements(content($tbs));
    my $extensions = pop @rest;
    my $changed = sub { return sequence(sequence(@_), $algorithm, $signature) };
    vector('cert/version_2.der', $changed->("\xa0\x03\x02\x01\x01", $serial, @rest));
    vector('cert/version_4.der', $changed->("\xa0\x03\x02\x01\x03", $serial, @rest));
    vector('cert/v1_extensions.der', $changed->($serial, @rest, $extensions));
    vector('cert/unique_id.der', $changed->($version, $serial, @rest, "\x81\x02\0\x07"));
    vector('cert/empty_extensions.der', $changed->($version, $serial, @rest, "\xa3\x02\x30\x00"));
    my @list = elements(content(content($extensions)));
    vector('cert/duplicate_extension.der',
        $changed->($version, $serial, @rest, tlv(0xa3, sequence(@list, $list[0]))));
    vector('cert/serial_long.der',
        $changed->($version, tlv(0x02, "\x11" x 21), @rest, $extensions));
    my $backwards = sequence(reverse elements(content($rest[2])));
    vector('cert/validity_backwards.der',
        $changed->($version, $serial, @rest[ 0, 1 ], $backwards, @rest[ 3, 4 ], $extensions));
    my $sha384 = sequence(oid('1.2.840.10045.4.3.3'));
    vector('cert/two_algorithms.der', sequence($tbs, $sha384, $signature));
    vector('cert/bad_signature.der',  changed_at_end($leaf));
    vector('cert/trailing.der',       "$leaf\0");
    vector('cert/indefinite.der',     "\x30\x80" . content($leaf) . "\0\0");
    return;
}

# --- certs-only CMS ---

sub make_certs_only {
    my @files = map { ('-certfile', $_) } "$work/leaf.pem", "$work/ca.pem";
    openssl(qw(crl2pkcs7 -nocrl -outform DER -out), "$out/certs_only/chain.der", @files);
    openssl(qw(crl2pkcs7 -nocrl -outform DER -out),
        "$out/certs_only/one.der", '-certfile', "$work/ca.pem");
    spew("$work/index", '');
    spew("$work/ca.conf",
        "[ca]\ndefault_ca=d\n[d]\ndatabase=$work/index\ndefault_md=sha256\n");
    openssl(qw(ca -gencrl -crldays 36500 -config), "$work/ca.conf", '-cert', "$work/ca.pem",
        '-keyfile', key('p256'), '-out', "$work/crl.pem");
    openssl(qw(crl2pkcs7 -outform DER -in), "$work/crl.pem", '-out', "$out/certs_only/crl.der",
        @files);
    openssl(qw(crl2pkcs7 -outform DER -in), "$work/crl.pem", '-out',
        "$out/certs_only/crl_alone.der");
    spew("$work/text", 'signed');
    openssl(qw(cms -sign -nodetach -outform DER -in),
        "$work/text", '-signer', "$work/ca.pem", '-inkey', key('p256'),
        '-out', "$out/certs_only/signed.der");
    vector('certs_only/trailing.der', slurp("$out/certs_only/one.der") . "\0");
    return;
}

# --- CMS with content: signed and enveloped ---

my $cms_line = "content of a message\n";

# The openssl command writes indefinite lengths in parts of 4096 octets.
sub cms {
    my ($name, @options) = @_;
    my $content = spew("$work/content", $cms_line x ($name =~ /indefinite/ ? 240 : 1));
    openssl('cms', @options, qw(-binary -outform DER -in), $content, '-out', "$work/cms.der");
    return vector("cms/$name.der", slurp("$work/cms.der"));
}

# Keys of their own, so that this folder can be written alone.
sub make_cms_keys {
    my %cms_keys = (
        rsa => [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)],
        other => [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)],
        map { lc() =~ tr/-//dr => [ qw(-algorithm EC -pkeyopt), "ec_paramgen_curve:$_" ] }
            qw(P-256 P-384 P-521),
    );
    for my $name (sort keys %cms_keys) {
        openssl('genpkey', @{ $cms_keys{$name} }, '-out', "$work/$name.pem");
        vector("cms/$name.pem", slurp("$work/$name.pem"));
        openssl(qw(req -x509 -days 36500 -subj), "/O=Example/CN=$name", '-key',
            "$out/cms/$name.pem", '-out', "$work/$name.crt");
        openssl(qw(x509 -outform DER -in), "$work/$name.crt", '-out', "$out/cms/$name.der");
    }
    return;
}

sub make_signed {
    my @nodetach = qw(-sign -nodetach);
    my $signer = sub { return ('-signer', "$work/$_[0].crt", '-inkey', "$out/cms/$_[0].pem") };
    my @rsa = $signer->('rsa');
    cms("signed_$_", @nodetach, @rsa, '-md', $_) for qw(md5 sha1 sha256 sha384 sha512);
    cms("signed_$_->[0]", @nodetach, $signer->($_->[0]), '-md', $_->[1])
        for [qw(p256 sha256)], [qw(p384 sha384)], [qw(p521 sha512)];
    my @pss = map { ('-keyopt', $_) } qw(rsa_padding_mode:pss rsa_pss_saltlen:digest);
    cms('signed_pss',        @nodetach, @rsa, @pss);
    cms('signed_keyid',      @nodetach, @rsa, '-keyid');
    cms('signed_nocerts',    @nodetach, @rsa, '-nocerts');
    cms('signed_noattr',     @nodetach, @rsa, '-noattr');
    cms('signed_indefinite', @nodetach, @rsa, qw(-stream -indef));
    cms('signed_two',        @nodetach, @rsa, $signer->('p256'));
    cms('signed_detached',   '-sign', @rsa);
    return;
}

sub make_enveloped {
    my @rsa = ('-recip', "$work/rsa.crt");
    my @encrypt = qw(-encrypt);
    cms("enveloped_$_", @encrypt, "-$_", @rsa) for qw(aes128 aes192 aes256 des3);
    cms('enveloped_des', @encrypt, qw(-des -provider legacy -provider default), @rsa);
    cms('enveloped_keyid', @encrypt, qw(-aes128 -keyid), @rsa);
    cms('enveloped_indefinite', @encrypt, qw(-aes128 -stream -indef), @rsa);
    cms('enveloped_ec_and_rsa', @encrypt, '-aes128', '-recip', "$work/p256.crt", @rsa);
    cms('enveloped_ec', @encrypt, '-aes128', '-recip', "$work/p256.crt");
    my $oaep = sub { return map { ('-keyopt', $_) } 'rsa_padding_mode:oaep', @_ };
    cms('enveloped_oaep', @encrypt, '-aes128', @rsa, $oaep->());
    cms("enveloped_oaep_$_", @encrypt, '-aes256', @rsa,
        $oaep->("rsa_oaep_md:$_", "rsa_mgf1_md:$_")) for qw(sha256 sha384 sha512);
    cms('enveloped_oaep_mixed', @encrypt, '-aes128', @rsa,
        $oaep->(qw(rsa_oaep_md:sha256 rsa_mgf1_md:sha1 rsa_oaep_label:6c6162656c)));
    my @password = (qw(-pwri_password secret));
    cms("enveloped_password_$_", @encrypt, "-$_", @password) for qw(aes128 aes192 aes256 des3);
    cms('enveloped_password_and_rsa', @encrypt, '-aes128', @password, @rsa);
    return;
}

sub make_cms {
    make_cms_keys();
    make_signed();
    make_enveloped();
    return;
}

make_path(map { "$out/$_" } qw(key spki csr cert certs_only cms));
make_cms();
exit if "@ARGV" eq 'cms';
make_keys();
make_spkis();
make_requests();
make_certificates();
make_certs_only();
