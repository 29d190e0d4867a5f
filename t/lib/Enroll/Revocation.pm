# A CA with CRLs and OCSP behind nginx: certificates, what became of them, and who says so.
package Enroll::Revocation;
use strict;
use warnings;
use Enroll::Test;
use Exporter 'import';

our @EXPORT = qw(revocation_config revocation_nginx enroll revoke crl crl_serials crl_text
    wait_for_crl ocsp);

# As signerd_config(); the members of "crl" and "ocsp" of the CA.
sub revocation_config {
    my ($crl, $ocsp) = @_;
    my $config = signerd_config();
    my $ca = $config->{cas}{issuing};
    $ca->{crl} = $crl || {};
    $ca->{ocsp} = $ocsp if $ocsp;
    $ca->{crl_urls} = [url('/issuing.crl')];
    $ca->{ocsp_urls} = [url('/ocsp')];
    return $config;
}

sub url { my ($path) = @_; return 'http://localhost:' . port('http') . $path }

# EST without credentials, and a plain server with CRL and OCSP. $server and %option as for
# start_nginx(); plain: more of the plain server.
sub revocation_nginx {
    my (%option) = @_;
    my $plain = delete $option{plain} // '';
    my $est = delete $option{est} // 'location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth none; }';
    my $http = ($option{http} // '') . <<"END";
    enroll_pass signerd; enroll_crl_path %%DIR%%/crls;
    server {
        listen 127.0.0.1:%%PORT:http%%;
        location = /issuing.crl { enroll_crl issuing; }
        location = /delta.crl { enroll_crl issuing delta; }
        location ~ ^/part-(\\d+)\\.crl\$ { enroll_crl issuing partition=\$1; }
        location /ocsp { enroll_ocsp; }
        $plain
    }
END
    return ($est, %option, http => $http);
}

# A certificate for a new key of this name: (PEM, serial). The PEM is in path("$name.pem").
sub enroll {
    my ($name, @options) = @_;
    my $reply = post('/.well-known/est/simpleenroll', csr_body($name, "/CN=$name"), @options);
    die "$name: $reply->{status} $reply->{body}" if $reply->{status} != 200;
    my ($pem) = certificates($reply->{body});
    write_file("$name.pem", $pem);
    return ($pem, lc((cert_text($pem, '-serial') =~ /=(\w+)/)[0]));
}

sub revoke { return signerctl('revoke', @_) }

# What is served there now.
sub crl { my ($path) = @_; return http(url($path // '/issuing.crl')) }

# What openssl crl says of a list in DER.
sub crl_text {
    my ($der, @options) = @_;
    @options = qw(-text) if !@options;
    return run({in => $der}, qw(openssl crl -inform DER -noout), @options)->{out};
}

sub crl_serials {
    my ($der) = @_;
    return sort map { lc } crl_text($der) =~ /Serial Number: (\w+)/g;
}

# The list at $path once it satisfies $enough, which is given its text.
sub wait_for_crl {
    my ($path, $enough) = @_;
    my $found;
    wait_until(sub { $found = crl($path); $found->{status} == 200 && $enough->(crl_text($found->{body})) });
    return $found->{body};
}

# What openssl ocsp makes of the answer for these certificates of enroll(): {status, out, err}.
sub ocsp {
    my ($names, @options) = @_;
    my @certificates = map { ('-cert', path("$_.pem")) } ref $names ? @$names : ($names);
    return run(qw(openssl ocsp -CAfile), path('ca/root.pem'), '-issuer', path('ca/issuing.pem'),
        '-verify_other', path('ca/issuing.pem'), @certificates, '-url', url('/ocsp'), @options);
}

1;
