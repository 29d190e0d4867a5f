# Keys that are made for clients (RFC 9483 4.1.6): sealed for the certificate of the request or by
# its secret, and only where the location says so.
use strict;
use warnings;
use Enroll::CmpSite;

ca_init();
certify('cmp', ca => 'ca', subject => '/O=Example/CN=CMP',
    extensions => "keyUsage=critical,digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.28,1.3.6.1.5.5.7.3.32");
rename path('cmp.pem'), path('kga.pem');
my $locations = cmp_location('/cmp/bare');
my %kga = (cert => 'cmp_certificate %%DIR%%/kga.pem; cmp_key_generation on;');
$locations .= cmp_location('/cmp', $kga{cert}) =~ s/cmp_certificate %%DIR%%\/cmp\.pem;//r;
start_cmp(config => cmp_config(key_generation => JSON::PP::true()), locations => $locations);
new_key('rsa', qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048));
device($_) for qw(rsa ec);

# A request without key: an empty one of the algorithm stands in the template.
sub wants_key { my ($name, %option) = @_; return ask($name, 'ir', new_key => 'empty', pop => 'none', %option) }

# PKCS#8 out of what has come for this client.
sub opened {
    my ($name, $reply) = @_;
    my $enveloped = pack 'H*', $reply->{private_key} // return '';
    substr($enveloped, 0, 1) = "\x30";    # tagged implicitly
    my $size = length $enveloped;
    my $inner = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03" . "\xa0\x82" . pack('n', $size) . $enveloped;
    my $file = write_file("$name.enveloped", "\x30\x82" . pack('n', length $inner) . $inner);
    my $signed = run(qw(openssl cms -decrypt -inform DER -binary -in), $file, '-recip', path("$name.pem"), '-inkey', path("$name.key"));
    diag $signed->{err} if $signed->{status};
    return $signed->{out};
}

for my $name (qw(rsa ec)) {
    my $reply = wants_key($name);
    is(told($reply), 'ip 0', "$name: a certificate") or diag explain $reply;
    is($reply->{pvno}, 3, "$name: in version 3");
    ok(length(opened($name, $reply)) > 100, "$name: with a key that its owner can open");
}
is(told(wants_key('ec', mac => 1)), 'ip 0', 'by a secret');
fails(wants_key('ec', http => {path => '/cmp/bare'}), 'notAuthorized', 'where the location does not make keys');
