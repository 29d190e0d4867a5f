# est_auth bearer: tokens that signerctl has made, good and not, once and often, beside passwords
# and certificates; what is counted, recorded and answered; and that no token is written down.
use strict;
use warnings;
use Enroll::Test;

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
my $config = signerd_config();
$config->{profiles}{other} = {%{$config->{profiles}{device}}};
start_signerd($config);

my $common = 'est_pass signerd; est_profile device; est_password_file %%DIR%%/passwords; '
    . 'est_client_certificate %%DIR%%/ca/chain.pem; est_realm "devices";';
my %option = (workers => 2, listen => 'ssl reuseport http2');
start_nginx(<<"END", %option);
    est_login_failures off;
    location /.well-known/est/ { $common est_auth bearer; est_label other other; }
    location /.well-known/est/both/ { $common est_auth basic bearer mtls; }
    location /.well-known/est/all/ { $common est_auth bearer mtls; est_satisfy all; }
    location /.well-known/est/few/ { $common est_auth bearer basic; est_login_failures 3 per=2h; }
END

my @tokens;

sub create {
    my $result = signerctl(qw(token create --profile device), @_);
    die $result->{err} if $result->{status};
    push @tokens, $result->{out} =~ s/\n//r;
    return $tokens[-1];
}
sub bearer { my ($token) = @_; return (-H => "Authorization: Bearer $token") }

sub fresh_csr {
    my ($name, $subject) = @_;
    new_csr($name, $subject // "/CN=$name");
    return read_file("$name.csr");
}

# Each with a request of its own, unless one is given.
my $devices = 0;
sub enroll {
    my ($label, $csr, @options) = @_;
    return post("/.well-known/est/${label}simpleenroll", $csr // fresh_csr('device-' . ++$devices), @options);
}
sub status { return enroll(@_)->{status} }
sub challenges { return map { /^< www-authenticate: (.*?)\r?$/i ? $1 : () } split /\n/, enroll(@_, '-v')->{err} }
# Of signerd; what nginx reports comes when it comes.
sub last_refusal { return (grep { ($_->{detail} // '') =~ /^the token is not valid/ } audit_rows())[-1] }

# --- good ---
my $often = create(qw(--ttl 1h --name factory));
my $reply = enroll('', undef, bearer($often));
is($reply->{status}, 200, 'a token enrols');
ok((certificates($reply->{body}))[0], 'with a certificate');
is(status('', undef, bearer($often)), 200, 'and again');
is(status('', undef, -H => "Authorization: bEARER   $often"), 200, 'the scheme has no case, spaces may be many');
is(status('', undef, '--http2', bearer($often)), 200, 'over HTTP/2');
my ($row) = grep { $_->{operation} eq 'enroll' } audit_rows();
is("@{$row}{qw(decision credential credential_name)}", 'allow token factory', 'the record has its name');

# --- not good ---
my $expired = create(qw(--ttl 1s));
my $revoked = create(qw(--ttl 1h));
my $everything = JSON::PP::decode_json(signerctl(qw(--json token list))->{out})->{tokens};
is(signerctl(qw(token revoke), (map { $_->{id} } @$everything)[-1])->{status}, 0, 'revoked');
my $strange = create(qw(--ttl 1h));
is(signerctl(qw(token create --profile other --ttl 1h --name elsewhere))->{status}, 0, 'one of another profile');
ok(wait_until(sub { signerctl(qw(token list --all))->{out} =~ /expired/ }), 'time passes');
my %cause = (
    'a wrong token' => [('x' x 32), 'unknown'],
    'one that has expired' => [$expired, 'expired'],
    'one that is revoked' => [$revoked, 'revoked'],
);
for my $case (sort keys %cause) {
    my ($token, $cause) = @{$cause{$case}};
    my $refused = enroll('', undef, bearer($token));
    is($refused->{status}, 401, "$case: refused");
    is($refused->{headers}{'www-authenticate'}, 'Bearer realm="devices", error="invalid_token"', "$case: the challenge");
    is($refused->{body}, "authentication failed\n", "$case: nothing more is told");
    is(last_refusal()->{detail}, "the token is not valid: $cause", "$case: the record has the cause");
}
is(status('other/', undef, bearer($strange)), 401, 'under another profile');
like(last_refusal()->{detail}, qr/of other profiles$/, 'under another profile: the cause');
is(status('', undef, bearer($strange)), 200, 'under its own');

# --- none, and malformed ones: nobody has looked for a token ---
for my $case (
    ['no header'], ['another scheme', 'Basic ZGVtbzpzZWNyZXQ='], ['no token', 'Bearer'], ['only a space', 'Bearer '],
    ['two of them', "Bearer $often $often"], ['a foreign character', 'Bearer a$b'], ['only padding', 'Bearer ==='],
    ['padding inside', 'Bearer a=b'], ['too long', 'Bearer ' . 'a' x 129], ['quoted', "Bearer \"$often\""],
) {
    my ($name, $value) = @$case;
    my @header = defined $value ? (-H => "Authorization: $value") : ();
    is_deeply([challenges('', undef, @header)], ['Bearer realm="devices"'], "$name: the challenge, and no error");
    is(status('', undef, @header), 401, "$name: refused");
}
is(status('', undef, bearer('a' x 128)), 401, '128 characters are looked up');
is(last_refusal()->{detail}, 'the token is not valid: unknown', 'and are not there');
# nginx logs the query: what RFC 6750 5.3 warns of.
my $queried = create(qw(--ttl 1h));
pop @tokens;
is(post("/.well-known/est/simpleenroll?access_token=$queried", fresh_csr('query'))->{status}, 401, 'not in the query');
is(get('/.well-known/est/cacerts')->{status}, 200, 'cacerts needs none');

# --- once, and for one name ---
my $once = create(qw(--once));
my $bad = fresh_csr('bad', '/CN=bad/L=nowhere');
is(status('', $bad, bearer($once)), 403, 'a profile that refuses');
my $csr = fresh_csr('once');
$reply = enroll('', $csr, bearer($once));
is($reply->{status}, 200, 'has not used it up');
my $again = enroll('', $csr, bearer($once));
is($again->{status}, 200, 'a retry whose answer was lost');
is($again->{body}, $reply->{body}, 'gets the same certificate');
is(status('', undef, bearer($once)), 401, 'another request does not');
is(last_refusal()->{detail}, 'the token is not valid: used already', 'and the cause is recorded');
is(status('', $csr, bearer('y' x 32)), 401, 'nor does the same one with another token');
like(signerctl(qw(token list --all))->{out}, qr/^\d+ +used +once /m, 'it is listed as used');

my $bound = create(qw(--ttl 1h --identity sensor.example.com));
is(status('', fresh_csr('named', '/CN=sensor.example.com'), bearer($bound)), 200, 'its name');
$reply = enroll('', fresh_csr('unnamed', '/CN=other.example.com'), bearer($bound));
is($reply->{status}, 403, 'another name');
is($reply->{body}, "the token is bound to another name: other.example.com\n", 'which is told');
my $storm = create(qw(--once));
my @parallel = map { fresh_csr("storm$_"); path("storm$_.csr") } 1 .. 8;
my $url = 'https://localhost:' . port('https') . '/.well-known/est/simpleenroll';
my $codes = run('sh', '-c', "printf '%s\\n' @parallel | xargs -P 8 -IFILE curl -s -o /dev/null -w '%{http_code}\\n' --cacert "
    . path('ca/root.pem') . " -H 'Authorization: Bearer $storm' -H Content-Type:application/pkcs10 --data-binary \@FILE $url")->{out};
is(join(' ', sort split /\n/, $codes), '200' . ' 401' x 7, 'of eight at once one gets a certificate');

# --- beside passwords and certificates ---
is_deeply([challenges('both/', undef)], ['Basic realm="devices"', 'Bearer realm="devices"'], 'both challenges');
is(status('both/', undef, bearer($often)), 200, 'with both, the token');
is(status('both/', undef, -u => 'demo:secret'), 200, 'with both, the password');
is(status('both/', undef, -u => 'demo:wrong'), 401, 'with both, a wrong password');
is(status('both/', undef, bearer('z' x 32)), 401, 'with both, a wrong token');
new_csr('holder', '/CN=holder');
write_file('holder.pem', certificates(enroll('', read_file('holder.csr'), bearer($often))->{body}));
my @certificate = ('--cert', path('holder.pem'), '--key', path('holder.key'));
is(status('both/', undef, @certificate), 200, 'with both, a certificate');
is(status('both/', undef, @certificate, bearer('z' x 32)), 200, 'whatever is beside it');
is(status('all/', undef, @certificate), 401, 'all: not the certificate alone');
is(status('all/', undef, bearer($often)), 401, 'all: not the token alone');
is(status('all/', undef, @certificate, bearer('z' x 32)), 401, 'all: not with a wrong token');
is(status('all/', undef, @certificate, bearer($often)), 200, 'all: both');
$row = (grep { $_->{operation} eq 'enroll' } audit_rows())[-1];
is("@{$row}{qw(credential credential_name detail)}", 'certificate CN=holder token factory', 'the record has both');
new_csr('gone', '/CN=gone');
write_file('gone.pem', certificates(enroll('', read_file('gone.csr'), bearer($often))->{body}));
my ($serial) = cert_text(read_file('gone.pem'), '-serial') =~ /=(.*)/;
is(signerctl('revoke', lc $serial)->{status}, 0, 'one is revoked');
$reply = enroll('all/', undef, '--cert', path('gone.pem'), '--key', path('gone.key'), bearer($often));
is($reply->{status}, 403, 'all: not with a certificate that is revoked');
ok(!exists $reply->{headers}{'www-authenticate'}, 'and the token is not blamed');
my $renewal = post('/.well-known/est/all/simplereenroll', read_file('holder.csr'), @certificate, bearer($often));
is($renewal->{status}, 200, 'all: a renewal with both');
is(post('/.well-known/est/simplereenroll', $csr, bearer($often))->{status}, 403, 'no renewal without certificates');

# --- guessing ---
my @from = ('--interface', '127.0.0.7');
is(status('few/', undef, @from, bearer("guess$_")), 401, "guess $_") for 1 .. 2;
is(status('few/', undef, @from, -u => 'demo:wrong'), 401, 'a wrong password counts with them');
for my $case (['a guess', bearer('guess4')], ['a good token', bearer($often)], ['a password', -u => 'demo:secret']) {
    my ($name, @with) = @$case;
    $reply = enroll('few/', undef, @from, @with);
    is($reply->{status}, 429, "$name: the address has to wait");
    cmp_ok($reply->{headers}{'retry-after'}, '>', 7000, "$name: for the rest of its window");
}
is(status('few/', undef, @from), 401, 'without credentials: a challenge');
is(status('few/', undef, '--interface', '127.0.0.8', bearer($often)), 200, 'another address');

# --- the configuration ---
for my $case (
    [qr/"est_auth none" does not go with other values/, 'est_auth none bearer;'],
    [qr/"est_satisfy all" does not go with it/, 'est_auth basic bearer; est_satisfy all;'],
) {
    my ($why, $text) = @$case;
    my $result = nginx_test("location /.well-known/est/ { $common $text }", %option);
    isnt($result->{status}, 0, "$text is refused");
    like($result->{err}, $why, "$text: why");
}

# --- nothing is written down ---
stop('nginx');
stop('signerd');
for my $file (grep { -e path($_) } qw(signerd.log error.log access.log signerd.db signerd.db-wal)) {
    my $text = read_file($file);
    is((grep { index($text, $_) >= 0 } @tokens), 0, "$file has no token");
}
