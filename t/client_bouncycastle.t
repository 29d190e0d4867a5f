# Bouncy Castle's EST client: cacerts, csrattrs, enrolment, renewal.
use strict;
use warnings;
use Enroll::Test;

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
start_signerd();
start_nginx(<<'END');
    location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth mtls basic;
        est_client_certificate %%DIR%%/ca/chain.pem; est_password_file %%DIR%%/passwords;
    }
END

my $jars = join ':', map { "/usr/share/java/$_.jar" } qw(bcpkix bcprov bcutil);
my $result = run('java', '-cp', $jars, 't/clients/BouncyCastleEst.java', 'localhost:' . port('https'),
    path('ca/root.pem'), 'demo', 'secret');
is($result->{status}, 0, 'the client is content') or diag $result->{out}, $result->{err};
like($result->{out}, qr/^cacerts 2$/m, 'it read both certificates of the CA');
like($result->{out}, qr/^csrattrs$/m, 'it read that no attributes are asked for');
my ($enrolled) = $result->{out} =~ /^enrolled ([0-9a-f]+)$/m;
my ($renewed) = $result->{out} =~ /^renewed ([0-9a-f]+)$/m;
ok($enrolled && $renewed && $enrolled ne $renewed, 'it enrolled and renewed');

my @rows = grep { !$_->{http_status} } audit_rows();    # nginx reports its 401s
is(join(' ', map { "$_->{operation}:$_->{credential}" } @rows), 'enroll:basic renew:certificate',
    'the audit saw the same');
