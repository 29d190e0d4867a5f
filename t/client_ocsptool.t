# GnuTLS' ocsptool as a client of OCSP.
use strict;
use warnings;
use Enroll::Revocation;
use Enroll::Test;

ca_init();
start_signerd(revocation_config());
start_nginx(revocation_nginx(plain => 'location /fresh { enroll_ocsp; enroll_ocsp_nonce on; }'));
my %serial = map { $_ => (enroll($_))[1] } qw(good revoked);
revoke($serial{revoked}, qw(--reason superseded));

sub ask {
    my ($name, $path, @options) = @_;
    return run('ocsptool', '--ask=' . Enroll::Revocation::url($path), '--load-issuer',
        path('ca/issuing.pem'), '--load-cert', path("$name.pem"), '--load-trust',
        path('ca/issuing.pem'), @options);
}

for my $case (['/ocsp', '--no-nonce'], ['/fresh', '--nonce']) {
    my ($path, $nonce) = @$case;
    my $good = ask('good', $path, $nonce);
    like($good->{out}, qr/Certificate Status: good/, "$path: good") or diag $good->{out}, $good->{err};
    like("$good->{out}$good->{err}", qr/Verifying OCSP Response: Success/, "$path: verified");
    my $revoked = ask('revoked', $path, $nonce);
    like($revoked->{out}, qr/Certificate Status: revoked/, "$path: revoked");
}
