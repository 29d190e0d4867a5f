# Full CMC where est_auth wants a token: a good signature does not do without it, and a wrong one
# is a failed login as with the other operations.
use strict;
use warnings;
use Enroll::Cmc;
use Enroll::Test;

ca_init();
start_signerd();
is(signerctl(qw(ra issue --cmp --key-type ec:P-256 --subject), 'CN=EST', '--key', path('est.key'), '--out',
    path('est.pem'))->{status}, 0, 'a certificate to sign with');
my $common = 'est_pass signerd; est_profile device; est_client_certificate %%DIR%%/ca/chain.pem; est_realm "devices"; '
    . 'est_full_cmc on; est_certificate %%DIR%%/est.pem; est_certificate_key %%DIR%%/est.key;';
start_nginx(<<"END", listen => 'ssl http2');
    est_login_failures off;
    location /.well-known/est/ { $common est_auth none; }
    location /.well-known/est/token/ { $common est_auth bearer; }
    location /.well-known/est/any/ { $common est_auth bearer mtls; }
    location /.well-known/est/all/ { $common est_auth bearer mtls; est_satisfy all; }
    location /.well-known/est/few/ { $common est_auth bearer; est_login_failures 2 per=2h; }
END

my $est = '/.well-known/est';
my @type = (-H => 'Content-Type: application/pkcs7-mime; smime-type=CMC-request');
new_csr('signer', '/CN=signer');
write_file('signer.pem', certificates(post("$est/simpleenroll", read_file('signer.csr'))->{body}));
my @tls = ('--cert', path('signer.pem'), '--key', path('signer.key'));

my $number = 0;
sub message {
    my ($subject) = @_;
    my $name = 'device-' . ++$number;
    new_csr($name, $subject // "/CN=$name");
    return signed(pki_data(requests => [pkcs10(5, der_of_pem(read_file("$name.csr")))]), 'signer');
}
sub full_cmc { my ($label, $message, @options) = @_; return post("$est/$label/fullcmc", cmc_body($message), @type, @options) }
sub bearer { my ($token) = @_; return (-H => "Authorization: Bearer $token") }
sub create { return signerctl(qw(token create --profile device), @_)->{out} =~ s/\n//r }
sub issued { return scalar grep { "$_->{decision} $_->{operation}" eq 'allow enroll' } audit_rows() }

my $often = create(qw(--ttl 1h --name factory));
is(full_cmc('token', message(), bearer($often))->{status}, 200, 'a token and a signature');
my $row = (grep { $_->{operation} eq 'enroll' } audit_rows())[-1];
is("@{$row}{qw(credential credential_name detail)}", 'certificate CN=signer token factory', 'the record has both');

my $before = issued();
is(full_cmc('token', message())->{status}, 401, 'a signature alone');
my $revoked = create(qw(--ttl 1h));
my ($id) = map { $_->{id} } @{JSON::PP::decode_json(signerctl(qw(--json token list))->{out})->{tokens}}[-1];
is(signerctl(qw(token revoke), $id)->{status}, 0, 'one is revoked');
for my $case (['a wrong token', 'x' x 32], ['one that is revoked', $revoked]) {
    my ($name, $token) = @$case;
    for my $with (['token'], ['token', '--http2'], ['all', @tls]) {
        my ($label, @options) = @$with;
        my $reply = full_cmc($label, message(), bearer($token), @options);
        is($reply->{status}, 401, "$name, $label @options: refused");
        is($reply->{headers}{'www-authenticate'}, 'Bearer realm="devices", error="invalid_token"', 'the challenge');
        my $answer = cmc_answer($reply->{body}, 'est');
        is_deeply([@$answer{qw(status fail parts)}], [2, 7, [5]], 'badIdentity') or diag explain $answer;
        is(scalar(grep { cert_text($_, '-subject') =~ /device-/ } @{$answer->{certificates}}), 0, 'no certificate');
    }
}
is(full_cmc('all', message(), @tls)->{status}, 401, 'all: not without a token');
is(full_cmc('all', message(), bearer($often))->{status}, 401, 'all: not without a certificate');
is(issued(), $before, 'nothing was issued');
is(full_cmc('all', message(), bearer($often), @tls)->{status}, 200, 'all: both');
is(full_cmc('any', message(), @tls, bearer('x' x 32))->{status}, 200, 'any: a certificate, whatever is beside it');
is(full_cmc('any', message(), bearer('x' x 32))->{status}, 401, 'any: not a wrong token without it');

new_csr('gone', '/CN=gone');
write_file('gone.pem', certificates(post("$est/simpleenroll", read_file('gone.csr'))->{body}));
is(signerctl('revoke', lc((cert_text(read_file('gone.pem'), '-serial') =~ /=(.*)/)[0]))->{status}, 0, 'a certificate is revoked');
my $gone = full_cmc('token', signed(pki_data(requests => [pkcs10(5, der_of_pem(read_file('device-1.csr')))]), 'gone'), bearer($often));
is($gone->{status}, 403, 'its signature with a good token');
ok(!exists $gone->{headers}{'www-authenticate'}, 'of which nothing is said');

# --- once, for one name, and as often as the address may ---

my $once = create(qw(--once));
is(full_cmc('token', message('/CN=bad/L=nowhere'), bearer($once))->{status}, 403, 'what a profile refuses');
my $message = message();
my $reply = full_cmc('token', $message, bearer($once));
is($reply->{status}, 200, 'has not used up the token');
is(full_cmc('token', message(), bearer($once))->{status}, 401, 'what is issued has');
is(full_cmc('token', $message, bearer($once))->{status}, 200, 'a retry gets its certificate');
my $bound = create(qw(--ttl 1h --identity sensor));
is(full_cmc('token', message('/CN=other'), bearer($bound))->{status}, 403, 'another name than the token has');
is(full_cmc('token', message('/CN=sensor'), bearer($bound))->{status}, 200, 'its own');

is(full_cmc('few', message(), bearer("guess$_"))->{status}, 401, "guess $_") for 1 .. 2;
is(full_cmc('few', message(), bearer($often))->{status}, 429, 'the address has to wait');
