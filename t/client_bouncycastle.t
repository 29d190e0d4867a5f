# Bouncy Castle's EST client: cacerts, csrattrs, enrolment, renewal, a key that is made for it.
use strict;
use warnings;
use Enroll::Test;

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
my $config = signerd_config();
$config->{profiles}{device}{keys} = ['ec:P-256'];
$config->{profiles}{device}{est} = {key_generation => JSON::PP::true()};
start_signerd($config);
my $made = signerctl(qw(ra issue --cmp --key-type ec:P-256 --subject), 'O=Example,CN=EST', '--key', path('est.key'),
    '--out', path('est.pem'));
is($made->{status}, 0, 'a certificate to sign with') or diag $made->{err};
start_nginx(<<'END');
    location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth mtls basic;
        est_client_certificate %%DIR%%/ca/chain.pem; est_password_file %%DIR%%/passwords;
        est_keygen on; est_certificate %%DIR%%/est.pem; est_certificate_key %%DIR%%/est.key;
    }
END

my $jars = join ':', map { "/usr/share/java/$_.jar" } qw(bcpkix bcprov bcutil);
my $result = run('java', '-cp', $jars, 't/clients/BouncyCastleEst.java', 'localhost:' . port('https'),
    path('ca/root.pem'), 'demo', 'secret');
is($result->{status}, 0, 'the client is content') or diag $result->{out}, $result->{err};
like($result->{out}, qr/^cacerts 2$/m, 'it read both certificates of the CA');
like($result->{out}, qr/^csrattrs (?=.*\b1\.2\.840\.10045\.2\.1\b).*\b1\.2\.840\.113549\.1\.9\.16\.2\.61\b/m,
    'it read what is asked for, the template too');
my ($enrolled) = $result->{out} =~ /^enrolled ([0-9a-f]+)$/m;
my ($renewed) = $result->{out} =~ /^renewed ([0-9a-f]+)$/m;
ok($enrolled && $renewed && $enrolled ne $renewed, 'it enrolled and renewed');
like($result->{out}, qr/^key made$/m, 'it got a key that fits its certificate');

my @rows = grep { !$_->{http_status} } audit_rows();    # nginx reports its 401s
is(join(' ', map { "$_->{operation}:$_->{credential}" } @rows), 'ra:none enroll:basic renew:certificate enroll:basic',
    'the audit saw the same');
