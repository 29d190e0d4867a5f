# Bouncy Castle as a client of OCSP; the JDK's validator with OCSP, and with the CRL that the
# certificate points to.
use strict;
use warnings;
use Enroll::Revocation;
use Enroll::Test;

ca_init();
start_signerd(revocation_config());
start_nginx(revocation_nginx(plain => 'location /fresh { enroll_ocsp; enroll_ocsp_nonce on; }'));
my %serial = map { $_ => (enroll($_))[1] } qw(good revoked);
revoke($serial{revoked}, qw(--reason keyCompromise));
wait_for_crl('/issuing.crl', sub { $_[0] =~ /Serial Number/ });

my $jars = join ':', map { "/usr/share/java/$_.jar" } qw(bcpkix bcprov bcutil);
for my $case (['/ocsp', 'no'], ['/fresh', 'yes']) {
    my ($path, $nonce) = @$case;
    my $result = run('java', '-cp', $jars, 't/clients/BouncyCastleOcsp.java',
        Enroll::Revocation::url($path), $nonce, path('ca/chain.pem'), path('good.pem'),
        path('revoked.pem'));
    is($result->{status}, 0, "$path: the client is content") or diag $result->{err};
    is($result->{out}, <<'END', "$path: what each of them says");
ocsp good
pkix-ocsp good
pkix-crl good
ocsp revoked 1
pkix-ocsp revoked
pkix-crl revoked
END
}
