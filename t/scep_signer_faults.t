# What becomes of SCEP requests when signerd answers and leaves, says "later", or talks nonsense.
use strict;
use warnings;
use Enroll::FakeSigner;
use Enroll::Test;

my ($not_found, $limited, $unavailable) = (8, 9, 10);

ca_init();
must(qw(openssl req -x509 -newkey rsa:2048 -noenc -keyout), path('ra.key'), '-out', path('ra.pem'),
    '-subj', '/CN=ra', qw(-days 30 -addext), 'basicConstraints=critical,CA:FALSE', '-addext',
    'keyUsage=digitalSignature,keyEncipherment');
chmod 0600, path('ra.key') or die;

# One socket for each; the last argument says whether it reads on.
my %signers = (
    stays => sub { my ($s, $q) = @_; syswrite $s, error_frame($q->{id}, $not_found, 'none'); 1 },
    leaves => sub { my ($s, $q) = @_; syswrite $s, error_frame($q->{id}, $not_found, 'none'); 0 },
    later => sub { my ($s, $q) = @_; syswrite $s, error_frame($q->{id}, $limited, 'later'); 1 },
    away => sub { my ($s, $q) = @_; syswrite $s, error_frame($q->{id}, $unavailable, 'later'); 1 },
    raves => sub { my ($s, $q) = @_; syswrite $s, "\0\0\0\4ohoh"; 1 },
);
fake_signer($_, $signers{$_}) for sort keys %signers;
my $upstreams = join "\n", map { "upstream $_ { server unix:%%DIR%%/$_.sock; keepalive 4; }" } sort keys %signers;
my $locations = join "\n", map { "location /$_ { scep_pass $_; }" } sort keys %signers;
start_nginx(<<"END", http => $upstreams);
    scep_profile device; scep_next_ca on; scep_audit off; scep_retry_after 7;
    scep_ra_certificate %%DIR%%/ra.pem; scep_ra_certificate_key %%DIR%%/ra.key;
    $locations
    location /outer {
        scep_pass stays;
        location /outer/old { scep_pass stays; scep_sha1 on; scep_des3 on; }
    }
END

# GetCACert is answered by nginx's upstream, GetNextCACert after it.
for my $operation (qw(GetCACert GetNextCACert)) {
    for my $try (1 .. 5) {
        for my $name (qw(stays leaves)) {
            my $reply = get("/$name?operation=$operation");
            is($reply->{status}, 404, "$operation, a signerd that $name, $try");
            like($reply->{body}, qr/\Anone\n/, 'its words');
        }
    }
    for my $case ([later => 429], [away => 503]) {
        my ($name, $status) = @$case;
        my $reply = get("/$name?operation=$operation");
        is($reply->{status}, $status, "$operation, $name");
        is($reply->{headers}{'retry-after'}, 7, 'and when to come again');
        is($reply->{headers}{'content-type'}, 'text/plain', 'as text');
    }
    my $reply = get("/raves?operation=$operation");
    is($reply->{status}, 503, "$operation, an answer that is none");
    is($reply->{headers}{'content-type'}, 'text/plain', 'as text');
    is($reply->{headers}{'retry-after'}, 7, 'and when to come again');
}

unlike(get('/outer?operation=GetCACaps')->{body}, qr/^(SHA-1|DES3)$/m, 'capabilities of a location');
like(get('/outer/old?operation=GetCACaps')->{body}, qr/^$_$/m, "one within it has $_") for qw(SHA-1 DES3);
