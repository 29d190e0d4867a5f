# Bouncy Castle's CMS (t/clients/BouncyCastleScep.java), which writes BER: enrolment, with a key that
# can only sign too, renewal, a request that waits, a refusal.
use strict;
use warnings;
use Enroll::ScepSite;

start_scep_site();

my $jars = join ':', map { "/usr/share/java/$_.jar" } qw(bcpkix bcprov bcutil);
sub client {
    my ($location, @arguments) = @_;
    return ('java', '-cp', $jars, 't/clients/BouncyCastleScep.java', scep_url($location), @arguments);
}

my $result = run(client('scep', CHALLENGE, qw(enroll renew renew ec)));
is($result->{status}, 0, 'the client is content') or diag $result->{out}, $result->{err};
like($result->{out}, qr/^enroll [0-9a-f]+\nrenew [0-9a-f]+\nrenew [0-9a-f]+\nec [0-9a-f]+\n$/,
    'it enrolled, renewed twice and enrolled with an EC key');
$result = run(client('scep', 'open barley', 'refused'));
is($result->{out}, "refused 2\n", 'a wrong challenge: badRequest') or diag $result->{err};

for my $case (['approve', qr/^enroll [0-9a-f]+$/m, 0], ['deny', qr/refused 2$/m, 1]) {
    my ($verb, $said, $status) = @$case;
    start($verb, client('manual', CHALLENGE, 'enroll'));
    ok(wait_until(sub { read_file("$verb.log") =~ /^pending$/m }, 60), "$verb: it waits") or diag read_file("$verb.log");
    my ($request) = @{JSON::PP::decode_json(signerctl(qw(--json request list))->{out})->{requests}};
    is(signerctl('request', $verb, $request->{id})->{status}, 0, "$verb: somebody decides");
    is(wait_end($verb), $status, "$verb: it ends");
    like(read_file("$verb.log"), $said, "$verb: and knows what came of it");
}
is_audited('enroll:allow' => 3, 'renew:allow' => 2, 'enroll:deny' => 2, 'enroll:pending' => 2);
