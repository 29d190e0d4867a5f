# Bouncy Castle (t/clients/BouncyCastleCmp.java): certificates by a secret and by a signature, each
# confirmed, a renewal, a question, a revocation and a refusal.
use strict;
use warnings;
use Enroll::CmpSite;

start_cmp();

my $jars = join ':', map { "/usr/share/java/$_.jar" } qw(bcpkix bcprov bcutil);
sub client {
    my ($secret, @steps) = @_;
    return run('java', '-cp', $jars, 't/clients/BouncyCastleCmp.java', cmp_url(), path('cmp.pem'), REFERENCE, $secret, @steps);
}

my $result = client(SECRET, qw(ir cr kur genm rr));
is($result->{status}, 0, 'the client is content') or diag said($result), error_log();
like($result->{out}, qr/^ir [0-9a-f]+\ncr [0-9a-f]+\nkur [0-9a-f]+\ngenm 2\nrr 0\n$/,
    'ir by the secret, cr and kur by a signature, the CA certificates, rr');

# Confirmed or not, and revoked or not, is signerd's to tell.
my ($first, $second, $last) = $result->{out} =~ /^(?:ir|cr|kur) ([0-9a-f]+)$/mg;
sub shown { my ($serial) = @_; return JSON::PP::decode_json(signerctl('--json', 'cert', 'show', $serial)->{out})->{certificates}[0] }
is(shown($_)->{status}, 'good', "$_ is valid") for $first, $second;
is(shown($last)->{reason}, 'superseded', "$last is revoked");

is(client('another secret', 'refused')->{out}, "refused 64\n", 'a wrong secret: badMessageCheck');
