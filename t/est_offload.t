# Two slow hashes in one request: the request and its mirror each get their own verdict.
use strict;
use warnings;
use Enroll::Test;

ca_init();
sub hashed { my ($password, $rounds) = @_; return crypt($password, "\$6\$rounds=$rounds\$salt1234\$") }
write_file('quick', 'demo:' . hashed('secret', 1000) . "\n");
write_file('slow', 'demo:' . hashed('secret', 200_000) . "\n");
write_file('other', 'demo:' . hashed('another', 200_000) . "\n");
start_signerd();
my $est = 'est_pass signerd; est_profile device; est_auth basic; est_password_file %%DIR%%';
start_nginx(<<"END");
    location /.well-known/est/ { $est/slow; mirror /mirror/quick; }
    location /.well-known/est/quick/ { $est/quick; mirror /mirror/slow; }
    location /.well-known/est/other/ { $est/quick; mirror /mirror/other; }
    location /mirror/quick { internal; rewrite ^ /.well-known/est/m1/simpleenroll; }
    location /mirror/slow { internal; rewrite ^ /.well-known/est/m2/simpleenroll; }
    location /mirror/other { internal; rewrite ^ /.well-known/est/m3/simpleenroll; }
    location /.well-known/est/m1/ { $est/quick; }
    location /.well-known/est/m2/ { $est/slow; }
    location /.well-known/est/m3/ { $est/other; }
END

new_csr('device', '/CN=device-1');
my $csr = read_file('device.csr');
for my $label ('', 'quick/', 'other/') {
    for my $case (['wrong', 401], ['secret', 200], ['secret', 200]) {
        my ($password, $status) = @$case;
        my $reply = post("/.well-known/est/${label}simpleenroll", $csr, -u => "demo:$password", '--max-time', 20);
        is($reply->{status}, $status, "$label $password: $status");
        is($reply->{headers}{'www-authenticate'}, 'Basic realm="est"', "$label: the challenge") if $status == 401;
    }
}
