# What nginx decides without asking signerd is in signerd's audit log, once.
use strict;
use warnings;
use Enroll::FakeSigner;
use Enroll::Test;
use Time::HiRes qw(sleep);

ca_init();
ca_init('other', '--root-name', 'CN=Other Root', '--name', 'CN=Other Issuing');
chomp(my $slow = must(qw(openssl passwd -6 secret)));
write_file('passwords', "demo:{PLAIN}secret\nslow:$slow\n");
start_signerd();
fake_signer('held', sub {
    my ($socket, $request) = @_;
    write_file('asked', '');
    sleep 0.01 until -e path('go');
    syswrite $socket, error_frame($request->{id}, 6, 'profile: answered');
    return 1;
});
my $basic = 'est_pass signerd; est_profile device; est_auth basic; est_password_file %%DIR%%/passwords;';
my $mtls = 'est_pass signerd; est_profile device; est_auth mtls; est_client_certificate %%DIR%%/ca/chain.pem;';
# An nginx of one's own may have been built without it.
my $asked = run($ENV{ENROLL_NGINX}, '-V')->{err} =~ /auth_request/ ? 'auth_request /refuse;' : 'deny all;';
start_nginx(<<"END", http => <<'HTTP');
    location /.well-known/est/ { $basic }
    location /.well-known/est/certificate/ { $mtls }
    location /.well-known/est/either/ {
        est_pass signerd; est_profile device; est_auth basic mtls;
        est_password_file %%DIR%%/passwords; est_client_certificate %%DIR%%/ca/chain.pem;
    }
    location /.well-known/est/closed/ { est_pass signerd; est_profile device; }
    location /.well-known/est/denied/ { $basic deny all; }
    location /.well-known/est/small/ { $basic client_max_body_size 100; }
    location /.well-known/est/limited/ { $basic limit_req zone=slow; limit_req_status 429; }
    location /.well-known/est/shed/ { $basic limit_req zone=slow; }
    location /.well-known/est/asked/ { $basic $asked }
    location /.well-known/est/moved/ { $basic error_page 401 =200 /elsewhere; }
    location /.well-known/est/odd/ { $basic error_page 401 =65536 /elsewhere; }
    location /.well-known/est/quiet/ { $basic est_audit off; }
    location /.well-known/est/locked/ { $basic est_login_failures 1; }
    location /.well-known/est/held/ { est_pass held; est_profile device; est_auth none; est_read_timeout 5m; }
    location /.well-known/est/page/ { $basic deny all; error_page 403 /elsewhere; }
    location /.well-known/est/large/ { $basic client_max_body_size 100; error_page 413 \@elsewhere; }
    location = /.well-known/est/health { error_page 404 /elsewhere; return 404; }
    location = /status { est_status; }
    location \@elsewhere { return 200 "see the manual\n"; }
    location = /refuse { internal; return 403; }
    location /elsewhere { return 200 "see the manual\\n"; }
    location /static/ { return 404; }
END
    upstream held { server unix:%%DIR%%/held.sock; }
    est_max_inflight_total 1;
    limit_req_zone $server_name zone=slow:32k rate=1r/m;
    server {
        listen 127.0.0.1:%%PORT:strict%% ssl;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        ssl_client_certificate %%DIR%%/ca/root.pem;
        ssl_verify_client on; ssl_verify_depth 3;
        location / { return 204; }
        location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }
        location /.well-known/est/other/ { est_pass signerd; est_profile other; est_auth none; }
        location /.well-known/est/quiet/ { est_pass signerd; est_profile other; est_auth none; est_audit off; }
    }
HTTP

my @user = (-u => 'demo:secret');
my $csr = csr_body('device', '/CN=device-1');
my $sha256 = (split ' ', must(qw(bash -c), 'openssl req -in "$0" -outform DER | sha256sum', path('device.csr')))[0];

sub rows { my ($count) = @_; my @rows; wait_until(sub { (@rows = audit_rows()) >= $count }); return @rows }

sub signed_by {
    my ($name, $ca) = @_;
    new_csr($name, "/CN=$name");
    must(qw(openssl x509 -req -days 2 -in), path("$name.csr"), '-CA', path("$ca/issuing.pem"),
        '-CAkey', path("$ca/issuing.key"), '-out', path("$name.pem"));
    return ('--cert', path("$name.pem"), '--key', path("$name.key"));
}

sub broken { my $text = $csr; substr $text, -8, 1, substr($text, -8, 1) eq 'A' ? 'B' : 'A'; return $text }

# A request while another one is being worked on.
sub beside {
    my (@request) = @_;
    start('held', qw(curl -sS -o /dev/null -w %{http_code} --cacert), path('ca/root.pem'),
        'https://localhost:' . port('https') . '/.well-known/est/held/cacerts');
    wait_until(sub { -e path('asked') });
    my $reply = post(@request);
    write_file('go', '');
    wait_end('held');
    return $reply;
}

my $est = '/.well-known/est';
my $strict = 'https://localhost:' . port('strict') . $est;
my @foreign = signed_by('foreign', 'other');
my $none = ['none', ''];

# What is asked, and of its row: status, reason, decision, operation, credential, detail.
my @cases = (
    ['no credentials', sub { post("$est/simpleenroll", $csr) },
        401, 'unauthenticated', 'deny', 'enroll', $none, 'no user name and password'],
    ['a wrong password', sub { post("$est/simpleenroll", $csr, -u => 'demo:wrong') },
        401, 'unauthenticated', 'deny', 'enroll', ['unproven', 'demo'], 'the password is wrong'],
    ['an unknown user', sub { post("$est/simpleenroll", $csr, -u => 'root:toor') },
        401, 'unauthenticated', 'deny', 'enroll', ['unproven', 'root'], 'no such user'],
    ['no certificate', sub { post("$est/certificate/simpleenroll", $csr) },
        401, 'unauthenticated', 'deny', 'enroll', $none, 'no client certificate'],
    ['a foreign certificate', sub { post("$est/certificate/simplereenroll", $csr, @foreign) },
        401, 'unauthenticated', 'deny', 'renew', ['unproven', 'CN=foreign'],
        'unable to get local issuer certificate'],
    ['a foreign certificate and no password', sub { post("$est/either/simpleenroll", $csr, @foreign) },
        401, 'unauthenticated', 'deny', 'enroll', ['unproven', 'CN=foreign'],
        'unable to get local issuer certificate'],
    ['a foreign certificate and a wrong password',
        sub { post("$est/either/simpleenroll", $csr, @foreign, -u => 'slow:wrong') },
        401, 'unauthenticated', 'deny', 'enroll', ['unproven', 'slow'], 'the password is wrong'],
    ['no est_auth', sub { post("$est/closed/simpleenroll", $csr) },
        403, 'denied', 'deny', 'enroll', $none, 'this operation is not allowed here'],
    ['deny of the access module', sub { post("$est/denied/simpleenroll", $csr) },
        403, 'denied', 'deny', 'enroll', $none, 'not allowed'],
    ['auth_request', sub { post("$est/asked/simpleenroll", $csr) },
        403, 'denied', 'deny', 'enroll', $none, 'not allowed'],
    ['no such operation', sub { get("$est/fullcmc") },
        404, 'not_found', 'deny', 'none', $none, 'no such EST resource'],
    ['a wrong method', sub { get("$est/simpleenroll") },
        405, 'unsupported', 'deny', 'enroll', $none, 'the method is not allowed here'],
    ['a body too large for nginx', sub { post("$est/small/simpleenroll", $csr, @user) },
        413, 'malformed', 'deny', 'enroll', $none, 'the request body is too large'],
    ['a body too large for EST', sub { post("$est/simpleenroll", 'A' x 100000, @user) },
        413, 'malformed', 'deny', 'enroll', ['basic', 'demo'], 'the request body is too large'],
    ['a wrong media type', sub { post("$est/simpleenroll", $csr, @user, -H => 'Content-Type: text/plain') },
        415, 'unsupported', 'deny', 'enroll', ['basic', 'demo'], 'the Content-Type must be application/pkcs10'],
    ['no certificate request', sub { post("$est/simpleenroll", 'MAA=', @user) },
        400, 'malformed', 'deny', 'enroll', ['basic', 'demo'], undef],
    ['a broken signature', sub { post("$est/simpleenroll", broken(), @user) },
        400, 'bad_signature', 'deny', 'enroll', ['basic', 'demo'], undef],
    ['a limit, as 429', sub { get("$est/limited/csrattrs"); post("$est/limited/simpleenroll", $csr, @user) },
        429, 'limited', 'deny', 'enroll', $none, 'too many requests, try again later'],
    ['a limit, as 503', sub { post("$est/shed/simpleenroll", $csr, @user) },
        503, 'unavailable', 'shed', 'enroll', $none, 'the service is not available, try again later'],
    # What the client makes of it is its own affair.
    ['a status that is none', sub { post("$est/odd/simpleenroll", $csr, -u => 'demo:no'); return {status => 401} },
        401, 'unauthenticated', 'deny', 'enroll', ['unproven', 'demo'], 'the password is wrong'],
    ['a refusal that error_page redirects', sub { post("$est/moved/simpleenroll", $csr, -u => 'demo:no') },
        200, 'unauthenticated', 'deny', 'enroll', ['unproven', 'demo'], 'the password is wrong'],
    ['too many wrong passwords', sub { post("$est/locked/simpleenroll", $csr, @user) },
        429, 'limited', 'deny', 'enroll', ['unproven', 'demo'], 'too many wrong passwords, try again later'],
    ['too many requests that are being worked on', sub { beside("$est/simpleenroll", $csr, @user) },
        503, 'unavailable', 'shed', 'enroll', $none, 'too many requests are being worked on, try again later'],
    ['a refusal of another module that error_page redirects', sub { post("$est/page/simpleenroll", $csr, @user) },
        403, 'denied', 'deny', 'enroll', $none, 'refused before it came to the EST module'],
    ['one of nginx, before the location was entered', sub { post("$est/large/simpleenroll", $csr, @user) },
        413, 'malformed', 'deny', 'enroll', $none, 'refused before it came to the EST module'],
    ['no certificate for the listener', sub { post("$strict/simpleenroll", $csr) },
        400, 'unauthenticated', 'deny', 'enroll', $none, 'no client certificate'],
    ['a foreign certificate for the listener', sub { post("$strict/simpleenroll", $csr, @foreign) },
        400, 'unauthenticated', 'deny', 'enroll', ['unproven', 'CN=foreign'],
        'unable to verify the first certificate'],
);

for my $case (@cases) {
    my ($what, $ask, $status) = @$case;
    is($ask->()->{status}, $status, "$what: $status");
}

# What is no decision of nginx, or none of the module's.
is(get("$est/cacerts")->{status}, 200, 'cacerts');
is(get("$est/csrattrs")->{status}, 204, 'csrattrs');
is(get('/static/x')->{status}, 404, 'another location');
is(get("$est/health")->{status}, 404, 'another location below one of ours, with error_page');
is(read_file('held.log'), 403, 'what another signerd decided');
is(get("$est/quiet/simpleenroll")->{status}, 405, 'a location with est_audit off');
is(post("$strict/quiet/simpleenroll", $csr)->{status}, 400, 'that location without a certificate');
is(get('https://localhost:' . port('strict') . '/')->{status}, 400, 'another location without one');
is(post("$est/simpleenroll", $csr, @user)->{status}, 200, 'a certificate is issued');

# They are counted nevertheless.
my $counters = JSON::PP::decode_json(get('/status')->{body});
my %counted = map { $_->{location} => $_->{operations} } @{$counters->{locations}};
is($counted{"localhost$est/quiet/"}{simpleenroll}{unsupported}, 1, 'est_audit off: counted');
is($counted{"$est/quiet/"}{simpleenroll}{unauthenticated}, 1, 'without a location too');
is($counted{"localhost$est/page/"}{simpleenroll}{denied}, 1, 'counters and audit mean the same location');
is($counted{"localhost$est/"}{unrouted}{not_found}, 1, 'and not one that was never entered');

my @rows = rows(1 + @cases);
is(scalar(grep { $_->{decision} eq 'allow' } @rows), 1, 'signerd decided one');
my @reported = grep { $_->{http_status} } @rows;
is(scalar(@reported), scalar(@cases), 'and nginx the others');
for my $i (0 .. $#cases) {
    my ($what, undef, $status, $reason, $decision, $operation, $credential, $detail) = @{$cases[$i]};
    my $row = $reported[$i];
    is("$row->{http_status} $row->{reason} $row->{decision} $row->{operation} $row->{protocol}",
        "$status $reason $decision $operation est", "$what: the row");
    is("$row->{credential} $row->{credential_name}", "$credential->[0] $credential->[1]", "$what: who");
    is($row->{detail}, $detail, "$what: why") if defined $detail;
    is("$row->{client_address} $row->{peer} $row->{profile} $row->{tenant}",
        '127.0.0.1 nginx device test', "$what: address, peer, profile");
}
my %transactions = map { $_->{transaction} => 1 } @rows;
is(scalar(keys %transactions), scalar(@rows), 'each has a transaction of its own');
my ($bad) = grep { $_->{reason} eq 'bad_signature' } @rows;
like($bad->{csr_sha256}, qr/^[0-9a-f]{64}\z/, 'a CSR that was read is identified');
isnt($bad->{csr_sha256}, $sha256, 'as it was sent');
unlike(join('', map { values %$_ } @rows), qr/secret|wrong\b(?! )|toor/, 'no password is in the log');

# The longest of our prefixes; the profile is one that signerd does not have.
is(post("$strict/other/simpleenroll", $csr)->{status}, 400, 'a location of its own');
my $last = (rows(2 + @cases))[-1];
is("$last->{http_status} $last->{profile}$last->{tenant}", '400 ', 'an unknown profile is not recorded');

like(signerctl(qw(audit verify))->{out}, qr/chain intact/, 'the chain is intact');
my $list = signerctl(qw(audit list))->{out};
like($list, qr/ deny +unauthenticated +est +enroll +device +127\.0\.0\.1 +demo \(unproven\) /,
    'audit list marks a name that was not proven');
my $export = path('export');
is(signerctl(qw(audit export --output), $export)->{status}, 0, 'export');
is(signerctl(qw(audit verify --file), $export)->{status}, 0, 'which verifies');
like(slurp($export), qr/"http_status":401/, 'with the status');
