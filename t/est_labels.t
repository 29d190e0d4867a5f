# Labels and locations choose the profile.
use strict;
use warnings;
use Enroll::Test;

ca_init();
ca_init('second', '--root-name', 'CN=Second Root', '--name', 'CN=Second Issuing');
my $config = signerd_config();
$config->{cas}{second} = {tenant => 'two', certificate => path('second/chain.pem'), key => path('second/issuing.key')};
$config->{profiles}{printer} = {%{$config->{profiles}{device}}, ca => 'second', extended_key_usage => ['serverAuth']};
start_signerd($config);
my $common = 'est_pass signerd; est_auth none;';
start_nginx(<<"END");
    location /.well-known/est/ {
        $common est_profile device; est_label ca:4; est_label printers printer; est_label a~b.c-d;
    }
    location /.well-known/est/phones/ { $common est_profile printer; }
    location = /.well-known/est/exact/simpleenroll { $common est_profile printer; }
    location ~ ^/\\.well-known/est/regex\\d+/ { $common est_profile printer; est_label regex1; }
END

new_csr('device', '/CN=device-1');
my $csr = read_file('device.csr');

sub issuer {
    my ($path) = @_;
    my $reply = post("/.well-known/est/$path", $csr);
    return $reply->{status} if $reply->{status} != 200;
    my ($certificate) = certificates($reply->{body});
    return cert_text($certificate, '-issuer') =~ /CN = Second Issuing/ ? 'second' : 'first';
}

is(issuer('simpleenroll'), 'first', 'no label: the profile of the location');
is(issuer('ca:4/simpleenroll'), 'first', 'a label without a profile: that of the location');
is(issuer('ca%3A4/simpleenroll'), 'first', 'the same, escaped');
is(issuer('a~b.c-d/simpleenroll'), 'first', 'a label of all sorts');
is(issuer('printers/simpleenroll'), 'second', 'a label with a profile');
is(issuer('phones/simpleenroll'), 'second', 'a location of its own');
is(issuer('exact/simpleenroll'), 'second', 'an exact location');
is(issuer('regex1/simpleenroll'), 'second', 'a regex with the label listed');
is(issuer('regex2/simpleenroll'), 404, 'a regex without it');
is(issuer('nobody/simpleenroll'), 404, 'an unknown label');
is(issuer('phonesx/simpleenroll'), 404, 'not by prefix');
is(issuer('phones/x/simpleenroll'), 404, 'not below a label');
is(issuer('PRINTERS/simpleenroll'), 404, 'labels have case');

my @authorities = certificates(get('/.well-known/est/printers/cacerts')->{body});
like(cert_text($authorities[0], '-subject'), qr/CN = Second Issuing/, 'cacerts follows the label');
is(get('/.well-known/est/printers/csrattrs')->{status}, 204, 'csrattrs too');

my %tenants;
$tenants{$_->{tenant}} = 1 for audit_rows();
is(join(' ', sort keys %tenants), 'test two', 'each tenant has its records');
