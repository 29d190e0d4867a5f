# A client made of micromdm's SCEP library (t/clients/micromdm_scep.go): enrolment by POST and by
# GET, renewal as RenewalReq and as PKCSReq, a request that waits, refusals. It signs with SHA-1,
# and with single DES unless it is told otherwise.
use strict;
use warnings;
use Enroll::ScepSite;

plan skip_all => 'no go' if !grep { -x "$_/go" } split /:/, $ENV{PATH};
my $library = '/usr/share/gocode';
plan skip_all => 'no golang-github-micromdm-scep-dev' if !-d "$library/src/github.com/micromdm/scep";

$ENV{$_->[0]} = $_->[1] for ([GO111MODULE => 'off'], [GOPATH => $library], [GOCACHE => path('go')], [GOFLAGS => '']);
my $client = path('micromdm_scep');
my $result = run(qw(go build -o), $client, 't/clients/micromdm_scep.go');
is($result->{status}, 0, 'go build') or BAIL_OUT($result->{err});

start_scep_site(<<'END');
        scep_sha1 on;
        location = /get { scep_pass signerd; scep_profile device; scep_capabilities AES SHA-1; }
        location = /legacy { scep_pass signerd; scep_profile device; scep_legacy on; }
        location = /modern { scep_pass signerd; scep_profile device; scep_sha1 off; }
END

sub ask { my ($location, $name, @options) = @_; return run($client, '-url', scep_url($location), '-name', path($name), @options) }

# It got a certificate for the key that it made.
sub is_issued {
    my ($name, $answer) = @_;
    is($answer->{out}, "issued\n", "$name: issued") or return diag $answer->{err};
    is(cert_text(read_file("$name.pem"), '-pubkey'), public_key($name), "$name: for its key");
    ok(issued_by_ca(path("$name.pem")), "$name: below the CA");
    return;
}

sub is_refused {
    my ($name, $answer, $failure) = @_;
    is($answer->{out}, "refused $failure\n", "$name: refused") or diag $answer->{err};
    ok(!-e path("$name.pem"), "$name: no certificate");
    return;
}

my @challenge = ('-challenge', CHALLENGE);
my ($bad_alg, $bad_message, $bad_request) = (0, 1, 2);    # RFC 8894 3.2.1.4.5

is_issued('aes128', ask('scep', 'aes128', @challenge));
is_issued('aes256', ask('scep', 'aes256', @challenge, qw(-cipher aes256)));
is_issued('get', ask('get', 'get', @challenge));
like(read_file('access.log'), qr{"GET /get\?operation=PKIOperation}, 'get: it was one');
is_issued('des', ask('legacy', 'des', @challenge, qw(-cipher des)));

my @old = ('-old', path('aes128.pem'), '-oldkey', path('aes128.key'));
is_issued('renewed', ask('scep', 'renewed', @old, qw(-type 17)));
is_issued('as-pkcsreq', ask('scep', 'as-pkcsreq', '-old', path('renewed.pem'), '-oldkey', path('renewed.key')));
like(cert_text(read_file('as-pkcsreq.pem')), qr/Subject: CN = aes128$/m, 'renewed twice, of the same name');

is_refused('wrong', ask('scep', 'wrong', qw(-challenge sesame)), $bad_request);
is_refused('none', ask('scep', 'none'), $bad_request);
is_refused('single-des', ask('scep', 'single-des', @challenge, qw(-cipher des)), $bad_alg);
is_refused('sha1', ask('modern', 'sha1', @challenge), $bad_alg);

is(ask('manual', 'waits', @challenge)->{out}, "pending\n", 'a request that waits');
is_audited('enroll:allow' => 4, 'renew:allow' => 2, 'enroll:deny' => 4, 'enroll:pending' => 1);
