# strongSwan's pki: --scepca, --scep with a challenge, a request that waits, renewal. Its 5.9.8
# believes in AES and SHA-256 only when GetCACaps has other words too: hence scep_capabilities.
use strict;
use warnings;
use Enroll::ScepSite;

plan skip_all => 'pki has no HTTP (libstrongswan-extra-plugins)'
    if run('pki', '--help')->{out} !~ /^loaded plugins:.* curl/m;

start_scep_site(<<'END');
        scep_des3 on;
        scep_capabilities AES DES3 POSTPKIOperation Renewal SCEPStandard SHA-1 SHA-256 SHA-384 SHA-512;
END

sub fingerprint { my ($pem) = @_; return cert_text($pem, qw(-fingerprint -sha256)) }

sub key { my ($name) = @_; return new_key($name, qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)) }

# The name goes with the key, unless another is given after a slash: "renewed/aes".
sub command {
    my ($location, $names, @options) = @_;
    my ($key, $name) = split m{/}, "$names/$names";
    return ('pki', '--scep', '--url', scep_url($location), '--in', key($key), '--dn', "C=CH, O=Example, CN=$name",
        '--san', "$name.example", '--cacert-enc', path('ra.got'), '--cacert-sig', path('ca-1.got'), '--cacert',
        path('ca.got'), qw(--outform pem --interval 1 --maxpolltime 60), @options);
}

sub scep { return run(command(@_)) }

# What pki wrote is a certificate for that key with that name.
sub is_certificate {
    my ($names, $pem) = @_;
    my ($key, $name) = split m{/}, "$names/$names";
    is(cert_text($pem, '-pubkey'), public_key($key), "$key: for its key");
    like(cert_text($pem), qr/DNS:\Q$name\E\.example/, "$key: with its name");
    ok(issued_by_ca(write_file("$key.pem", $pem)), "$key: below the CA");
    return;
}

my @challenge = ('--password', CHALLENGE);

# --- what the CA tells ---

my $result = run('pki', '--scepca', '--url', scep_url(), '--caout', path('ca.got'), '--raout', path('ra.got'),
    qw(--outform pem));
is($result->{status}, 0, 'pki --scepca') or diag $result->{err};
is(fingerprint(read_file('ra.got')), fingerprint(read_file('ra.pem')), 'it found the RA');
is(fingerprint(read_file('ca-1.got')), fingerprint(read_file('ca/issuing.pem')), 'the CA');
is(fingerprint(read_file('ca.got')), fingerprint(read_file('ca/root.pem')), 'and the root');

# --- certificates ---

for my $case (['aes'], ['des3', '--cipher', 'des3'], ['strong', '--digest', 'sha512'], ['sha384', '--digest', 'sha384']) {
    my ($name, @options) = @$case;
    $result = scep('scep', $name, @challenge, @options);
    is($result->{status}, 0, "$name: enrolled") or diag $result->{err};
    is_certificate($name, $result->{out});
}
$result = scep('scep', 'renewed/aes', '--cert', path('aes.pem'), '--key', path('aes.key'));
is($result->{status}, 0, 'renewed: with the old certificate and no challenge') or diag $result->{err};
is_certificate('renewed/aes', $result->{out});

# --- refusals ---

for my $case (['wrong', '--password', 'open barley'], ['none']) {
    my ($name, @options) = @$case;
    $result = scep('scep', $name, @options);
    isnt($result->{status}, 0, "$name challenge: refused");
    is($result->{out}, '', "$name challenge: no certificate");
    like($result->{err}, qr/badRequest/i, "$name challenge: pki knows why");
}
$result = scep('scep', 'other', '--cert', path('aes.pem'), '--key', path('aes.key'));
isnt($result->{status}, 0, 'renewal for another name: refused');
like($result->{err}, qr/badRequest/, 'by the server');
write_file('stranger.pem', must('pki', '--self', '--in', key('stranger'), qw(--dn CN=aes --outform pem)));
$result = scep('scep', 'stolen/aes', '--cert', path('stranger.pem'), '--key', path('stranger.key'));
isnt($result->{status}, 0, 'renewal with a certificate that is not ours: refused');
like($result->{err}, qr/badMessageCheck|badRequest/, 'by the server');

# --- a request that waits ---

sub waiting { return @{JSON::PP::decode_json(signerctl(qw(--json request list))->{out})->{requests}} }

for my $verb ('approve', 'deny') {
    start($verb, command('manual', $verb, @challenge));
    ok(wait_until(sub { scalar waiting() }), "$verb: it waits");
    my ($request) = waiting();
    ok(wait_until(sub { read_file("$verb.log") =~ /going to sleep/ }), "$verb: pki knows it");
    is(signerctl('request', $verb, $request->{id})->{status}, 0, "$verb: somebody decides");
    my $status = wait_end($verb);
    my ($pem) = read_file("$verb.log") =~ /(-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----\n)/s;
    if ($verb eq 'approve') {
        is($status, 0, "$verb: pki ends well") or diag read_file("$verb.log");
        is_certificate($verb, $pem // '');
    } else {
        isnt($status, 0, "$verb: pki gives up");
        is($pem, undef, "$verb: no certificate");
    }
}
is_audited('enroll:allow' => 5, 'renew:allow' => 1, 'enroll:deny' => 3, 'renew:deny' => 2, 'enroll:pending' => 2);
