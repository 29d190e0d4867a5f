# Bouncy Castle's CMC and CMS: Full PKI Requests in BER with a PKCS#10 and a CRMF, over EST.
use strict;
use warnings;
use Enroll::Test;

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
start_signerd();
start_nginx(<<'END');
    location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth basic; est_password_file %%DIR%%/passwords;
    }
    location /.well-known/est/cmc/ {
        est_pass signerd; est_profile device; est_auth none; est_full_cmc on;
        est_client_certificate %%DIR%%/ca/chain.pem;
        est_certificate %%DIR%%/server.pem; est_certificate_key %%DIR%%/server.key;
    }
END
new_csr('signer', '/CN=signer');
my ($pem) = certificates(post('/.well-known/est/simpleenroll', read_file('signer.csr'), -u => 'demo:secret')->{body});
write_file('signer.pem', $pem);

my $jars = join ':', map { "/usr/share/java/$_.jar" } qw(bcpkix bcprov bcutil);
my $url = 'https://localhost:' . port('https') . '/.well-known/est/cmc/fullcmc';
my $result = run('java', '-cp', $jars, 't/clients/BouncyCastleCmc.java', $url,
    map({ path($_) } qw(ca/root.pem server.crt signer.pem signer.key)), qw(pkcs10 crmf two));
is($result->{status}, 0, 'the client is content') or diag $result->{out}, $result->{err};
like($result->{out}, qr/^pkcs10 [0-9a-f]+$/m, 'a PKCS#10');
like($result->{out}, qr/^crmf [0-9a-f]+$/m, 'a CRMF');
like($result->{out}, qr/^two 400 2 2$/m, 'two requests: badRequest, naming both');
my @rows = grep { !$_->{http_status} } audit_rows();
is(join(' ', map { "$_->{credential_name}:$_->{subject}" } @rows[1, 2]),
    'CN=signer:O=Example,CN=bouncy-castle CN=signer:O=Example,CN=bouncy-castle', 'the audit saw who signed');
