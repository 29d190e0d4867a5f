# A certificate that was revoked is no credential any more: it neither renews nor opens an mtls
# location, on a connection that was kept as well, and its key is not certified again when it was
# compromised. The client is told nothing but that; the audit log has the cause.
use strict;
use warnings;
use Enroll::Client;
use Enroll::Test;
use IO::Socket::SSL;

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
start_signerd();
start_nginx(<<'END');
    location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth mtls basic;
        est_client_certificate %%DIR%%/ca/chain.pem; est_password_file %%DIR%%/passwords;
    }
    location /.well-known/est/mtls/ {
        est_pass signerd; est_profile device; est_auth mtls;
        est_client_certificate %%DIR%%/ca/chain.pem;
    }
END

my $base = '/.well-known/est';
my @demo = (-u => 'demo:secret');

sub serial_of { my ($pem) = @_; return lc((cert_text($pem, '-serial') =~ /=(.*)/)[0]) }

# (serial, options of curl) of a new device.
sub device {
    my ($name) = @_;
    new_csr($name, "/CN=$name");
    my ($pem) = certificates(post("$base/simpleenroll", read_file("$name.csr"), @demo)->{body});
    write_file("$name.pem", $pem);
    return (serial_of($pem), '--cert', path("$name.pem"), '--key', path("$name.key"));
}

sub renew { my ($name, @options) = @_; return post("$base/simplereenroll", csr($name), @options) }

sub csr {
    my ($name) = @_;
    new_csr("$name.again", "/CN=$name");
    return read_file("$name.again.csr");
}

sub last_row { my @rows = grep { !$_->{http_status} } audit_rows(); return $rows[-1] }

sub refused {
    my ($name, $reply, $cause) = @_;
    is($reply->{status}, 403, "$name: 403") or diag $reply->{body};
    is($reply->{body}, "authentication failed\n", "$name: the cause is not told");
    my $row = last_row();
    is("$row->{decision} $row->{reason}", 'deny unauthenticated', "$name: recorded");
    like($row->{detail}, qr/^the client certificate is revoked: $cause, since 20\S+Z$/, "$name: with the cause");
    return;
}

# --- revoked ---

my ($serial, @gone) = device('gone');
is(renew('gone', @gone)->{status}, 200, 'before: it renews');
my $answered = csr('gone');
is(post("$base/mtls/simpleenroll", $answered, @gone)->{status}, 200, 'before: it enrolls where certificates count');

# The certificate is part of the handshake, which is long over when it is revoked.
my $kept = Enroll::Client->new(path => "$base/mtls/simpleenroll");
$kept->{socket} = IO::Socket::SSL->new(
    PeerAddr => '127.0.0.1', PeerPort => port('https'), SSL_ca_file => path('ca/root.pem'),
    SSL_verifycn_name => 'localhost', SSL_verifycn_scheme => 'http',
    SSL_cert_file => path('gone.pem'), SSL_key_file => path('gone.key'))
    or die "$SSL_ERROR";
my $connection = $kept->{socket};
is($kept->post(csr('gone'))->{status}, 200, 'before: on a connection that is kept');

is(signerctl('revoke', $serial, qw(--reason cessationOfOperation))->{status}, 0, 'revoked');
refused('on the kept connection', $kept->post(csr('gone')), 'cessationOfOperation');
is($kept->{socket}, $connection, 'it is the same connection');
refused('renewal', renew('gone', @gone), 'cessationOfOperation');
refused('an mtls location', post("$base/mtls/simpleenroll", csr('gone'), @gone), 'cessationOfOperation');
refused('the request of before', post("$base/mtls/simpleenroll", $answered, @gone), 'cessationOfOperation');
refused('beside a password', post("$base/simpleenroll", csr('gone'), @gone, @demo), 'cessationOfOperation');
is(post("$base/simpleenroll", csr('gone'), @demo)->{status}, 200, 'with a password alone it is a new device');

# --- on hold ---

my ($paused, @paused) = device('paused');
is(signerctl('revoke', $paused, qw(--reason certificateHold))->{status}, 0, 'on hold');
refused('on hold', renew('paused', @paused), 'certificateHold');
is(signerctl('release', $paused)->{status}, 0, 'released');
is(renew('paused', @paused)->{status}, 200, 'released: it renews again');

# --- a compromised key ---

my ($stolen) = device('stolen');
my $request = read_file('stolen.csr');
is(signerctl('revoke', $stolen, qw(--reason keyCompromise))->{status}, 0, 'compromised');
for my $case (['the request of before', $request], ['another name', do {
        write_file('alias.key', read_file('stolen.key'));
        new_csr('alias', '/CN=alias');
        read_file('alias.csr');
    }]) {
    my ($name, $csr) = @$case;
    my $reply = post("$base/simpleenroll", $csr, @demo);
    is($reply->{status}, 403, "a compromised key, $name: 403");
    is($reply->{body}, "the key was revoked as compromised\n", "a compromised key, $name: why");
    is(last_row()->{detail}, 'the key was revoked as compromised', "a compromised key, $name: recorded");
}
is(post("$base/simpleenroll", csr('stolen'), @demo)->{status}, 200, 'a new key for the same device');

# --- an answer that is none any more ---

my ($before) = device('twice');
is(signerctl('revoke', $before, qw(--reason superseded))->{status}, 0, 'superseded');
my ($again) = certificates(post("$base/simpleenroll", read_file('twice.csr'), @demo)->{body});
isnt(serial_of($again), $before, 'the same request gets a new certificate');
my ($third) = certificates(post("$base/simpleenroll", read_file('twice.csr'), @demo)->{body});
is(serial_of($third), serial_of($again), 'and then that one');

like(signerctl(qw(audit verify))->{out}, qr/chain intact/, 'the chain is intact');
