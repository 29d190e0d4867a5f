# Passwords: every hash that auth_basic reads, right and wrong, remembered and not.
use strict;
use warnings;
use Digest::SHA qw(sha1);
use Enroll::Test;
use MIME::Base64;

ca_init();
my %hash = (
    plain => '{PLAIN}secret',
    sha => '{SHA}' . encode_base64(sha1('secret'), ''),
    ssha => '{SSHA}' . encode_base64(sha1('secretsalt') . 'salt', ''),
    apr1 => '$apr1$salt1234$' . '',
    crypt_md5 => crypt('secret', '$1$salt1234$'),
    crypt_sha256 => crypt('secret', '$5$salt1234$'),
    crypt_sha512 => crypt('secret', '$6$salt1234$'),
    crypt_bcrypt => crypt('secret', '$2b$05$abcdefghijklmnopqrstuu'),
    crypt_yescrypt => crypt('secret', '$y$j75$abcdefghijklmnop'),
);
$hash{apr1} = run(qw(openssl passwd -apr1 -salt salt1234 secret))->{out} =~ s/\n//r;
write_file('passwords', join '', "# users\n\n", map { "$_:$hash{$_}:a comment\n" } sort keys %hash);
write_file('others', "apr1:" . (run(qw(openssl passwd -apr1 -salt salt1234 other))->{out} =~ s/\n//r) . "\n");
start_signerd();
start_nginx(<<'END', listen => 'ssl http2');
    est_login_failures off;
    location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth basic;
        est_password_file %%DIR%%/passwords; est_realm "devices of Example";
    }
    location /.well-known/est/others/ {
        est_pass signerd; est_profile device; est_auth basic;
        est_password_file %%DIR%%/others;
    }
END

my $url = '/.well-known/est/simpleenroll';
new_csr('device', '/CN=device-1');
my $csr = read_file('device.csr');

sub status { my ($user, $password, @options) = @_; return post($url, $csr, -u => "$user:$password", @options)->{status} }

for my $kind (sort keys %hash) {
    is(status($kind, 'wrong'), 401, "$kind: a wrong password");
    is(status($kind, 'secret'), 200, "$kind: the right one");
    is(status($kind, 'secret'), 200, "$kind: remembered");
    is(status($kind, 'wrong'), 401, "$kind: a wrong one is not what is remembered");
    is(status($kind, 'secretx'), 401, "$kind: nor a longer one");
}
is(post('/.well-known/est/others/simpleenroll', $csr, -u => 'apr1:secret')->{status}, 401,
    'a password remembered for one file opens no other');
is(post('/.well-known/est/others/simpleenroll', $csr, -u => 'apr1:other')->{status}, 200,
    'each location has its own file');

my $reply = post($url, $csr, -u => 'apr1:wrong');
is($reply->{headers}{'www-authenticate'}, 'Basic realm="devices of Example"', 'est_realm');
is(post($url, $csr, -H => 'Authorization: Bearer abc')->{status}, 401, 'another scheme');
is(post($url, $csr, -H => 'Authorization: Basic ####')->{status}, 401, 'no base64');
is(post($url, $csr, -H => 'Authorization: Basic ' . encode_base64('apr1', ''))->{status}, 401, 'no colon');
is(status('', 'secret'), 401, 'no user');
is(status("apr1\x01", 'secret'), 401, 'a user with a control character');

# Slow hashes in the thread pool: clients that leave meanwhile, and HTTP/2.
run('sh', '-c', 'for i in 1 2 3 4 5 6 7 8; do timeout 0.05 curl -s --cacert ' . path('ca/root.pem') . ' -u crypt_sha512:wrong$i '
    . '-H Content-Type:application/pkcs10 --data-binary @' . path('device.csr') . ' ' . 'https://localhost:' . port('https') . "$url & done; wait");
is(status('crypt_sha512', 'secret'), 200, 'clients that leave while their hash is computed do no harm');
is(status('crypt_yescrypt', 'secret', '--http2'), 200, 'HTTP/2');
is(status('crypt_bcrypt', 'nope', '--http2'), 401, 'HTTP/2, wrong');
