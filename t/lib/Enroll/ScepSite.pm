# A site that speaks SCEP over plain HTTP, for tests with clients that others wrote: a CA, signerd
# with the profiles "device" and "manual" (a human approves), both with one static challenge, an
# RA certificate from signerctl, and nginx with the locations /scep and /manual. Exports
# Enroll::Test as well.
package Enroll::ScepSite;
use strict;
use warnings;
use Enroll::Test;
use Exporter 'import';

our @EXPORT = (@Enroll::Test::EXPORT, qw(CHALLENGE start_scep_site scep_url is_audited issued_by_ca));

use constant CHALLENGE => 'open sesame';

# The argument is text for the server block, such as directives for both locations.
sub start_scep_site {
    my ($server) = @_;
    $server //= '';
    ca_init();
    my $secret = write_file('secrets', CHALLENGE . "\n", 0600);
    my $config = signerd_config(challenges => {lab => {type => 'static', file => $secret}});
    my $profiles = $config->{profiles};
    $profiles->{device}{scep} = {challenges => ['lab']};
    $profiles->{manual} = {%{$profiles->{device}}, approval => 'manual'};
    start_signerd($config);
    my $made = signerctl(qw(ra issue --subject), 'O=Example,CN=SCEP RA', '--key', path('ra.key'), '--out', path('ra.pem'));
    die $made->{err} if $made->{status};
    start_nginx('', http => <<"END");
    server {
        listen 127.0.0.1:%%PORT:http%%;
        scep_ra_certificate %%DIR%%/ra.pem; scep_ra_certificate_key %%DIR%%/ra.key;
        $server
        location = /scep { scep_pass signerd; scep_profile device; }
        location = /manual { scep_pass signerd; scep_profile manual; }
    }
END
    return;
}

sub scep_url {
    my ($location) = @_;
    return 'http://127.0.0.1:' . port('http') . '/' . ($location || 'scep');
}

# The audit has these enrolments and renewals: 'enroll:allow' => 2. What nginx refuses by itself
# comes into it a moment later, so nothing is said of their order.
sub is_audited {
    my (%expected) = @_;
    my %found;
    wait_until(sub {
        my @rows = grep { $_->{operation} =~ /^(?:enroll|renew)$/ } audit_rows();
        %found = ();
        $found{"$_->{operation}:$_->{decision}"}++ for @rows;
        return !grep { ($found{$_} // 0) < $expected{$_} } keys %expected;
    });
    is_deeply(\%found, \%expected, 'the audit saw the same');
    return;
}

# Whether a file (PEM) has a certificate below the CA.
sub issued_by_ca {
    my ($file) = @_;
    my ($root, $issuing) = map { path("ca/$_.pem") } qw(root issuing);
    return run(qw(openssl verify -CAfile), $root, '-untrusted', $issuing, $file)->{status} == 0;
}

1;
