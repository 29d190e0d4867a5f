# Renewal in JSON: the certificate before is the proof, judged by the anchors of the location.
use strict;
use warnings;
use Enroll::Test;
use JSON::PP ();

ca_init();
ca_init('other', '--root-name', 'CN=Other Root', '--name', 'CN=Other Issuing');
start_signerd();
my $common = 'enroll_pass signerd; enroll_profile device; enroll_renewal;';
start_nginx(<<"END", http => <<'HTTP');
    location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }
    location = /enroll/renewal { $common enroll_client_certificate %%DIR%%/ca/chain.pem; }
    location = /theirs { $common enroll_client_certificate %%DIR%%/other/chain.pem; }
    location = /status { enroll_status; }
END
    log_format enroll '$status $enroll_operation $enroll_status $enroll_serial';
    access_log %%DIR%%/enroll.log enroll;
HTTP

my $url = '/enroll/renewal';

sub json { return JSON::PP->new->canonical->encode({@_}) }
sub renewal {
    my ($to, $body, @options) = @_;
    return post($to, $body, -H => 'Content-Type: application/json', @options);
}

new_csr('device', '/CN=device-1', -addext => 'subjectAltName=DNS:device-1.example');
my ($certificate) = certificates(post('/.well-known/est/simpleenroll', read_file('device.csr'))->{body});
write_file('device.pem', $certificate);
my @device = ('--cert', path('device.pem'), '--key', path('device.key'));

sub signed_by {
    my ($name, $ca, @extension) = @_;
    new_csr($name, "/CN=$name");
    write_file("$name.ext", join "\n", @extension, '');
    must(qw(openssl x509 -req -days 2 -in), path("$name.csr"), '-CA', path("$ca/issuing.pem"),
        '-CAkey', path("$ca/issuing.key"), '-extfile', path("$name.ext"), '-out', path("$name.pem"));
    return ('--cert', path("$name.pem"), '--key', path("$name.key"));
}
my @foreign = signed_by('foreign', 'other', 'extendedKeyUsage=clientAuth');
my @server_only = signed_by('serveronly', 'ca', 'extendedKeyUsage=serverAuth');

new_csr('new', '/CN=device-1', -addext => 'subjectAltName=DNS:device-1.example');
my $good = json(csr => read_file('new.csr'));

my $answer = renewal($url, $good, @device);
is($answer->{status}, 200, 'a certificate of ours and a CSR with the same names') or diag $answer->{body};
my $issued = JSON::PP::decode_json($answer->{body});
is(cert_text($issued->{certificate}, '-pubkey'), public_key('new'), 'a certificate for the new key');
is(cert_text($issued->{certificate}, '-subject'), cert_text($certificate, '-subject'), 'with the same name');
like($issued->{ca_bundle}, qr/BEGIN CERTIFICATE/, 'and the bundle');
is(renewal($url, $good, @device, qw(--tls-max 1.2))->{status}, 200, 'over TLS 1.2, the same again');

new_csr('renamed', '/CN=device-2', -addext => 'subjectAltName=DNS:device-1.example');
my @wrong = (
    ['no certificate', 401, $url, $good],
    ['a certificate of another CA', 401, $url, $good, @foreign],
    ['one that is no client\'s', 401, $url, $good, @server_only],
    ['one that another location takes', 401, '/theirs', $good, @device],
    ['another name', 403, $url, json(csr => read_file('renamed.csr')), @device],
    ['a token', 400, $url, json(token => 'a', csr => read_file('new.csr')), @device],
    ['no CSR', 400, $url, '{}', @device],
    ['GET', 405, $url, $good, @device, -X => 'GET'],
);
for my $case (@wrong) {
    my ($name, $status, @request) = @$case;
    $answer = renewal(@request);
    is($answer->{status}, $status, "$name: $status");
    like(eval { JSON::PP::decode_json($answer->{body})->{error} }, qr/\A[ -~]+\z/, "$name: a line in JSON");
    is($answer->{headers}{'www-authenticate'}, 'TLS-Client-Certificate realm="enroll"', "$name: the challenge")
        if $status == 401;
}
is(renewal('/theirs', $good, @foreign)->{status}, 403, 'a certificate that signerd has not made renews nothing');

# A certificate that was revoked meanwhile.
my $serial = lc cert_text($certificate, '-serial') =~ s/serial=|\n//gr;
is(signerctl('revoke', $serial)->{status}, 0, 'the certificate is revoked');
new_csr('late', '/CN=device-1', -addext => 'subjectAltName=DNS:device-1.example');
is(renewal($url, json(csr => read_file('late.csr')), @device)->{status}, 403, 'and renews nothing any more');

wait_until(sub { (() = read_file('enroll.log') =~ /^\d+ renewal/mg) >= 11 });
like(read_file('enroll.log'), qr/^200 renewal issued [0-9a-f]{16,}$/m, 'the variables');
wait_until(sub { grep { ($_->{detail} // '') eq 'no client certificate' } audit_rows() });
my @rows = grep { $_->{protocol} eq 'enroll' } audit_rows();
my ($row) = grep { $_->{decision} eq 'allow' } @rows;
is("$row->{operation} $row->{credential}", 'renew certificate', 'the record of the renewal');
($row) = grep { ($_->{credential_name} // '') eq 'CN=foreign' && $_->{http_status} } @rows;
is($row->{credential}, 'unproven', 'the record of a certificate that was refused');
my ($counts) = grep { $_->{location} eq 'localhost/enroll/renewal' }
    @{JSON::PP::decode_json(get('/status')->{body})->{locations}};
is($counts->{operations}{renewal}{issued}, 1, 'counted');
