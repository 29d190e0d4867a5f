# GetNextCACert: who comes after the CA, signed by the RA of today (RFC 8894 4.7.1).
use strict;
use warnings;
use Enroll::Test;

ca_init();
must("$ENV{ENROLL_BIN}/signerctl", qw(ca next --dir), path('ca'), '--out', path('next'));
start_signerd();
my $made = signerctl(qw(ra issue --subject), 'CN=SCEP RA', '--key', path('ra.key'), '--out', path('ra.pem'));
is($made->{status}, 0, 'an RA') or diag $made->{err};
start_nginx(<<'END');
    scep_profile device;
    scep_ra_certificate %%DIR%%/ra.pem; scep_ra_certificate_key %%DIR%%/ra.key;
    location /scep { scep_pass signerd; scep_next_ca on; }
    location /quiet { scep_pass signerd; }
END

like(get('/scep?operation=GetCACaps')->{body}, qr/^GetNextCACert$/m, 'the capability');
unlike(get('/quiet?operation=GetCACaps')->{body}, qr/GetNextCACert/, 'where it is on');
my $reply = get('/scep?operation=GetNextCACert');
is($reply->{status}, 404, 'nobody is announced');
is($reply->{headers}{'content-type'}, 'text/plain', 'in a line of text');

my $config = signerd_config();
$config->{cas}{next} =
    {tenant => 'test', certificate => path('next/chain.pem'), key => path('next/issuing.key')};
$config->{cas}{issuing}{successor} = {ca => 'next'};
reload_signerd($config);
ok(wait_until(sub { ($reply = get('/scep?operation=GetNextCACert'))->{status} == 200 }), 'announced')
    or diag read_file('signerd.log');
is($reply->{headers}{'content-type'}, 'application/x-x509-next-ca-cert', 'its type');
write_file('reply.der', $reply->{body});
my $verified = run(qw(openssl cms -verify -binary -inform DER -purpose any -in), path('reply.der'),
    '-CAfile', path('ca/chain.pem'), '-out', path('content.der'));
is($verified->{status}, 0, 'the RA has signed it') or diag $verified->{err};
my @next = certificates(read_file('content.der'));
my @wanted = read_file('next/chain.pem') =~ /(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n)/sg;
is($next[0], $wanted[0], 'the issuing CA that comes first');
is(scalar @next, scalar @wanted, 'and its chain');
is(get('/quiet?operation=GetNextCACert')->{status}, 404, 'not where it is off');
is(get('/scep?operation=GetNextCACert', '-I')->{status}, 200, 'HEAD');
