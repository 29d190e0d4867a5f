# Channel binding (RFC 7030 3.5, RFC 9266): a CSR that is tied to the TLS connection it comes
# over, on full and resumed handshakes, with HTTP/1.1 and HTTP/2.
use strict;
use warnings;
use Enroll::Binding;
use Enroll::Test;
use MIME::Base64 ();

my $labels = join '', map { <<"END" } (['off', 'off'], ['on', 'on'], ['must', 'required'], ['both', 'required exporter']);
    location /.well-known/est/$_->[0]/ {
        est_pass signerd; est_profile device; est_auth none; est_channel_binding $_->[1];
    }
END

ca_init();
my $config = signerd_config();
$config->{profiles}{named} = {%{$config->{profiles}{device}}, required_attributes => ['challengePassword']};
$config->{profiles}{manual} = {%{$config->{profiles}{device}}, approval => 'manual'};
start_signerd($config);
start_nginx(<<"END", listen => 'ssl http2');
    $labels
    location /.well-known/est/manual/ {
        est_pass signerd; est_profile manual; est_auth none; est_channel_binding required;
    }
    location /.well-known/est/named/ {
        est_pass signerd; est_profile named; est_auth none; est_channel_binding on;
    }
    location /.well-known/est/renew/ {
        est_pass signerd; est_profile device; est_auth mtls; est_channel_binding required;
        est_client_certificate %%DIR%%/ca/chain.pem;
    }
END
new_key('device');

# --- what is right, and what is another connection's ---

my @http = ([], ['--h2']);
for my $http (@http) {
    for my $resume ([], ['--resume']) {
        my $how = join ' ', 'with', @$resume, @$http;
        my @tls13 = (qw(--tls 1.3), @$resume, @$http);
        my @tls12 = (qw(--tls 1.2), @$resume, @$http);
        is((exchange('must/simpleenroll', binding('tls-exporter'), @tls13))[0], 200, "tls-exporter, TLS 1.3 $how");
        is((exchange('must/simpleenroll', binding('tls-unique'), @tls12))[0], 200, "tls-unique, TLS 1.2 $how");
        is((exchange('both/simpleenroll', binding('tls-exporter'), @tls12))[0], 200, "tls-exporter, TLS 1.2 $how");
        is((exchange('must/simpleenroll', binding('tls-exporter'), @tls12))[0], 409, "not where it is not asked for $how");
        my $other;
        exchange('on/simpleenroll', sub { $other = $_[0]{'tls-unique'}; bound_csr($other) }, @tls12);
        my ($status, $answer) = exchange('on/simpleenroll', sub { bound_csr($other) }, @tls12);
        is($status, 409, "tls-unique of another connection $how");
        like($answer, qr/^challengePassword is not the channel binding of this connection$/m, 'which is said');
    }
}

# --- the modes ---

my @tls13 = qw(--tls 1.3);
my $none = sub { bound_csr() };
my $junk = sub { bound_csr('open sesame') };
for my $case (
    ['off', 'none', $none, 200], ['off', 'anything', $junk, 200],
    ['on', 'none', $none, 200], ['on', 'anything', $junk, 409],
    ['on', 'the right one', binding('tls-exporter'), 200],
    ['must', 'none', $none, 400], ['must', 'anything', $junk, 409],
    ['must', 'too much', sub { bound_csr($_[0]{'tls-exporter'} . 'AAAA') }, 409],
    ['must', 'too little', sub { bound_csr(substr $_[0]{'tls-exporter'}, 0, 8) }, 409],
    ['must', 'in lower case', sub { bound_csr('a' . lc $_[0]{'tls-exporter'}) }, 409],
    ['named', 'none', $none, 403], ['named', 'the right one', binding('tls-exporter'), 200]) {
    my ($label, $name, $make, $status) = @$case;
    is((exchange("$label/simpleenroll", $make, @tls13))[0], $status, "$label, $name: $status");
}
my ($status, $answer) = exchange('must/simpleenroll', $none, @tls13);
like($answer, qr/^challengePassword is missing: /m, 'what is missing is named');
($status, $answer) = exchange('named/simpleenroll', $none, @tls13);
like($answer, qr/^profile: required_attributes: challengePassword is missing$/m, 'by the profile too');

# --- connections that can have none: RFC 7627, RFC 9110 15.5.22 ---

my @old = qw(--tls 1.2 --no-ems);
for my $make (binding('tls-unique'), $none) {
    ($status, $answer) = exchange('must/simpleenroll', $make, @old);
    is($status, 426, 'without extended master secret');
    like($answer, qr{^Upgrade: TLS/1\.3, HTTP/1\.1\r$}m, 'Upgrade');
    like($answer, qr/^Connection: Upgrade\r$/m, 'Connection');
}
is((exchange('both/simpleenroll', binding('tls-exporter'), @old))[0], 426, 'no exporter either');
is((exchange('on/simpleenroll', binding('tls-unique'), @old))[0], 426, 'where it is not required');
is((exchange('on/simpleenroll', $none, @old))[0], 200, 'but without a binding');
is((exchange('must/simpleenroll', $none, @old, '--h2'))[0], 426, 'HTTP/2, without these headers');

# --- every operation, and what the client is told before ---

my ($certificate) = certificates(
    (exchange('must/simpleenroll', binding('tls-exporter'), @tls13))[1] =~ s/.*\r\n\r\n//sr);
write_file('device.pem', $certificate);
my @shown = ('--cert', path('device.pem'), '--key', path('device.key'));
is((exchange('renew/simplereenroll', binding('tls-exporter'), @tls13, @shown))[0], 200, 'simplereenroll');
is((exchange('renew/simplereenroll', $none, @tls13, @shown))[0], 400, 'simplereenroll without');
is((exchange('renew/simplereenroll', $junk, @tls13, @shown))[0], 409, 'simplereenroll with another');

my $reply = get('/.well-known/est/must/csrattrs');
is($reply->{status}, 200, 'csrattrs where a binding is required');
like(must({in => MIME::Base64::decode_base64($reply->{body})}, qw(openssl asn1parse -inform DER)),
    qr/challengePassword/, 'it names challengePassword (RFC 7030 4.5.2)');
is(get('/.well-known/est/on/csrattrs')->{status}, 204, 'not where it is not');

# --- a retry on another connection is the same request ---

my $again = sub { bound_csr($_[0]{'tls-exporter'}, 'CN=again') };
my ($first) = (exchange('must/simpleenroll', $again, @tls13))[1] =~ /\r\n\r\n(.*)/s;
my ($second) = (exchange('must/simpleenroll', $again, @tls13))[1] =~ /\r\n\r\n(.*)/s;
is($second, $first, 'the same certificate for a CSR that was made anew');

# --- and so it is while it waits for a person ---

my $waits = sub { bound_csr($_[0]{'tls-exporter'}, 'CN=waits') };
is((exchange('manual/simpleenroll', $waits, @tls13))[0], 202, "connection $_: it waits") for 1 .. 2;
my $waiting = JSON::PP::decode_json(signerctl(qw(--json request list))->{out})->{requests};
is(scalar @$waiting, 1, 'one request');
is(signerctl(qw(request approve 1))->{status}, 0, 'it is approved');
($status, $answer) = exchange('manual/simpleenroll', $waits, @tls13);
is($status, 200, 'connection 3: the certificate');
my ($serial) = cert_text((certificates($answer =~ s/.*\r\n\r\n//sr))[0], '-serial') =~ /=(.*)/;
my @records = grep { ($_->{subject} // '') eq 'CN=waits' } audit_rows();
is_deeply([map { $_->{csr_sha256} } @records], [($waiting->[0]{csr_sha256}) x @records],
    'one hash in all records of it') or diag explain \@records;
is(lc $serial, $records[-1]{serial}, 'of that certificate');

my @refused = grep { ($_->{http_status} // 0) == 409 } audit_rows();
ok(@refused > 5, 'what was refused is in the audit');
ok(!(grep { !$_->{csr_sha256} } @refused), 'with the CSR');
unlike(slurp(path('signerd.db')), qr/open sesame/, 'no challengePassword is stored');

# --- the configuration ---

for my $case (['off exporter', qr/"est_channel_binding" directive has "exporter"/],
    ['maybe', qr/"est_channel_binding" directive is "off", "on" or "required"/],
    ['on unique', qr/"est_channel_binding" directive has "exporter"/],
    ['on; est_channel_binding off', qr/"est_channel_binding" directive is duplicate/]) {
    my ($value, $error) = @$case;
    like(nginx_test("location / { est_channel_binding $value; }")->{err}, $error, "est_channel_binding $value");
}
