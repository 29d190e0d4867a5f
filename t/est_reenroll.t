# Renewal: who shows the certificate gets its successor, with the same names.
use strict;
use warnings;
use Enroll::Test;

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
start_signerd();
start_nginx(<<'END');
    location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth mtls basic;
        est_client_certificate %%DIR%%/ca/chain.pem; est_password_file %%DIR%%/passwords;
    }
END

my $base = '/.well-known/est';
my @demo = (-u => 'demo:secret');
my $subject = '/C=CH/O=Example/CN=device-1';
my @san = (-addext => 'subjectAltName=DNS:device-1.example,IP:192.0.2.1');

sub request { my ($name, @options) = @_; new_csr($name, @options); return read_file("$name.csr") }

sub enrolled {
    my ($name, @options) = @_;
    my ($certificate) = certificates(post("$base/simpleenroll", request($name, @options), @demo)->{body});
    write_file("$name.pem", $certificate);
    return ('--cert', path("$name.pem"), '--key', path("$name.key"));
}
my @device = enrolled('device', $subject, @san);
my @plain = enrolled('plain', '/CN=plain');

my $reply = post("$base/simplereenroll", request('rekeyed', $subject, @san), @device);
is($reply->{status}, 200, 'a new key') or diag $reply->{body};
my ($renewed) = certificates($reply->{body});
isnt(cert_text($renewed, '-serial'), cert_text(read_file('device.pem'), '-serial'), 'a new serial');
is(cert_text($renewed, '-pubkey'), run(qw(openssl req -noout -pubkey -in), path('rekeyed.csr'))->{out},
    'for the new key');
write_file('rekeyed.pem', $renewed);

my @cases = (
    ['the same key', 200, [$subject, @san], @device],
    ['the SAN in another order', 200,
        [$subject, -addext => 'subjectAltName=IP:192.0.2.1,DNS:device-1.example'], @device],
    ['letters of another case (RFC 5280 7.1)', 200,
        ['/C=CH/O=EXAMPLE/CN=Device-1', -addext => 'subjectAltName=DNS:DEVICE-1.example,IP:192.0.2.1'], @device],
    ['with the renewed certificate', 200, [$subject, @san], '--cert', path('rekeyed.pem'), '--key', path('rekeyed.key')],
    ['without SAN where there is none', 200, ['/CN=plain'], @plain],
    ['another subject', 403, ['/C=CH/O=Example/CN=device-2', @san], @device],
    ['the RDNs in another order', 403, ['/CN=device-1/O=Example/C=CH', @san], @device],
    ['one RDN more', 403, ["$subject/OU=more", @san], @device],
    ['no SAN', 403, [$subject], @device],
    ['one name more in the SAN', 403,
        [$subject, -addext => 'subjectAltName=DNS:device-1.example,IP:192.0.2.1,DNS:bank.example'], @device],
    ['a SAN where there is none', 403, ['/CN=plain', -addext => 'subjectAltName=DNS:bank.example'], @plain],
    ['the certificate of somebody else', 403, [$subject, @san], @plain],
    ['a password only', 401, [$subject, @san], @demo],
    ['nothing', 401, [$subject, @san]],
);
for my $case (@cases) {
    my ($name, $status, $csr, @options) = @$case;
    my ($key) = grep { /\.key$/ } @options;
    write_file('again.key', read_file($key && $key =~ m{([^/]+)$} ? $1 : 'device.key'));
    $reply = post("$base/simplereenroll", request('again', @$csr), @options);
    is($reply->{status}, $status, "$name: $status") or diag $reply->{body};
    like($reply->{body}, qr/^renewal: the (?:subject|SAN) is not/, "$name: the rule") if $status == 403;
}

my @rows = grep { !$_->{http_status} } audit_rows();    # nginx reports its 401s
is(scalar(grep { $_->{decision} eq 'deny' } @rows), 7, 'each refusal by signerd is in the audit');
my ($row) = grep { $_->{operation} eq 'renew' && $_->{decision} eq 'allow' } @rows;
is($row->{credential}, 'certificate', 'a renewal is by certificate');
like($row->{credential_name}, qr/CN=device-1/, 'and the audit names it');
