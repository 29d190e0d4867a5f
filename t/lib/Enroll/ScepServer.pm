# A server with SCEP, and clients of it in the background.
package Enroll::ScepServer;
use strict;
use warnings;
use Enroll::Test;
use Exporter 'import';

our @EXPORT = qw(start_scep_signerd scep_location enroll_scep begin_scep);

# A signerd that asks nobody for a challenge, and an RA, path('ra.pem').
sub start_scep_signerd {
    ca_init();
    my $config = signerd_config();
    $config->{profiles}{device}{scep} = {challenges => ['none']};
    start_signerd($config);
    my $made = signerctl(qw(ra issue --subject), 'CN=SCEP RA', '--key', path('ra.key'), '--out', path('ra.pem'));
    die $made->{err} if $made->{status};
    return;
}

sub scep_location {
    my ($signer, $more) = @_;
    return "location = /scep { scep_pass $signer; scep_profile device; scep_ra_certificate %%DIR%%/ra.pem; "
        . 'scep_ra_certificate_key %%DIR%%/ra.key; ' . ($more // '') . ' }';
}

sub command {
    my ($name) = @_;
    return ("$ENV{ENROLL_BIN}/enroll", qw(scep enroll --url), 'http://127.0.0.1:' . port('http') . '/scep', '--cacert',
        path('ca/root.pem'), '--key', path("$name.key"), '--out', path("$name.pem"), '--subject', "CN=$name");
}

sub enroll_scep { my ($name) = @_; return run(command($name)) }

# In the background; path("$name.pem") is there when it has its certificate.
sub begin_scep { my ($name) = @_; start($name, command($name)); return $name }

1;
