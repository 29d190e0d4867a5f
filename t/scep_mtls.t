# scep_client_certificate: a TLS client certificate of this service beside the challenge.
use strict;
use warnings;
use Enroll::Forge;
use Enroll::Test;

ca_init();
ca_init('other', '--root-name', 'CN=Other Root', '--name', 'CN=Other Issuing');
start_scep(server => scep_location('/scep', 'scep_client_certificate %%DIR%%/ca/chain.pem;'),
    locations => scep_location('/plain') . scep_location('/scep', 'scep_client_certificate %%DIR%%/ca/chain.pem;'),
    http => 'ssl_verify_client optional_no_ca;');

my $url = 'https://localhost:' . port('https') . '/scep';

# Through TLS with the certificate of this name, if there is one.
sub enrol {
    my ($name, $certificate, %option) = @_;
    my @own = $certificate ? (-E => path("$certificate.pem"), '--key' => path("$certificate.key")) : ();
    my $message = post("$url?operation=PKIOperation", forge($name, %option), '-H' => 'Content-Type: application/x-pki-message', @own);
    return read_reply($name, $message);
}
sub text { my ($reply) = @_; return "$reply->{http}{status} " . ($reply->{http}{headers}{'content-type'} // '') }

client('first');
use_certificate('first', succeeds(exchange('first', http => {path => '/plain'}), 'first', 'a certificate to begin with'));
client($_) for qw(phone selfmade);
client('wrong', challenge => 'open barley');
client('none', challenge => undef);
client('foreign');
must(qw(openssl req -new -key), path('foreign.key'), qw(-subj /CN=foreign -out), path('foreign.csr'));
must(qw(openssl x509 -req -days 2 -CAcreateserial -in), path('foreign.csr'), '-CA', path('other/issuing.pem'), '-CAkey',
    path('other/issuing.key'), '-out', path('foreign.pem'));

# --- both are needed ---

succeeds(enrol('phone', 'first'), 'phone', 'certificate and challenge');
fails(enrol('wrong', 'first'), 2, 'the certificate with a wrong challenge');
fails(enrol('none', 'first'), 2, 'the certificate without a challenge');
my %refused = ('no certificate' => undef, 'one of another CA' => 'foreign', 'one that the client made itself' => 'selfmade');
for my $which (sort keys %refused) {
    my $reply = enrol('phone', $refused{$which}, transaction => "refused $which");
    is(text($reply), '403 text/plain', "$which: 403");
    is($reply->{http}{body}, "a client certificate of this service is required\n", 'in words that are always the same');
}
is(text(exchange('phone', transaction => 'no TLS')), '403 text/plain', 'no TLS: 403');
is(get("$url?operation=GetCACaps")->{status}, 200, 'GetCACaps is for everybody');
is(get("$url?operation=GetCACert")->{status}, 200, 'GetCACert too');

# --- and recorded ---

ok(wait_until(sub { 4 == grep { $_->{decision} eq 'deny' && $_->{detail} !~ /challenge/ && $_->{reason} eq 'unauthenticated' } audit_rows() }),
    'what nginx refused is recorded') or diag explain [audit_rows()];
my ($serial) = cert_text(read_file('first.pem'), '-serial') =~ /=(\w+)/;
is(signerctl('revoke', $serial)->{status}, 0, 'the certificate is revoked');
fails(enrol('phone', 'first', transaction => 'revoked'), 2, 'and opens nothing any more');
