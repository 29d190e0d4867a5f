# $est_operation, $est_status and $est_serial in the access log; stock modules around us.
use strict;
use warnings;
use Enroll::Test;

ca_init();
write_file('htpasswd', "demo:{PLAIN}secret\n");
start_signerd();
my $common = 'est_pass signerd; est_profile device; est_auth none;';
start_nginx(<<"END", http => <<'HTTP');
    access_log %%DIR%%/est.log est;
    location /.well-known/est/ { $common }
    location /.well-known/est/limited/ { $common limit_req zone=one; limit_req_status 429; }
    location /.well-known/est/basic/ {
        $common auth_basic "stock"; auth_basic_user_file %%DIR%%/htpasswd;
    }
    location /.well-known/est/away/ {
        est_pass unix:%%DIR%%/absent.sock; est_profile device; est_auth none;
        error_page 503 = \@custom;
    }
    location /.well-known/est/gone/ { est_pass unix:%%DIR%%/absent.sock; est_profile device; }
    location \@custom { return 200 "custom"; }
    location / { return 404; }
END
    log_format est '$status "$est_operation" "$est_status" "$est_serial"';
    limit_req_zone $binary_remote_addr zone=one:1m rate=1r/m;
HTTP
allow_log(qr/connect\(\) to unix:.*absent\.sock failed/);

new_csr('device', '/CN=device-1');
my $csr = read_file('device.csr');
my $base = '/.well-known/est';
my $reply = post("$base/simpleenroll", $csr);
my ($certificate) = certificates($reply->{body});
my $serial = lc(cert_text($certificate, '-serial') =~ s/serial=(.*)\n/$1/r);
post("$base/simpleenroll", $csr);
post("$base/simpleenroll", 'nonsense');
get("$base/cacerts");
get("$base/csrattrs");
get('/elsewhere');
post("$base/simpleenroll", 'A' x 200_000);
post("$base/simpleenroll", $csr, -X => 'PUT');
get("$base/gone/cacerts");

$reply = post("$base/limited/simpleenroll", $csr) for 1 .. 2;
is($reply->{status}, 429, 'limit_req in front of us');
is($reply->{headers}{'content-type'}, 'text/plain', 'its refusal is text');
is($reply->{headers}{'retry-after'}, 5, 'with Retry-After');
$reply = post("$base/basic/simpleenroll", $csr);
is($reply->{status}, 401, 'auth_basic in front of us');
is($reply->{headers}{'content-type'}, 'text/plain', 'its refusal is text too');
like($reply->{headers}{'www-authenticate'}, qr/realm="stock"/, 'and keeps its challenge');
is(post("$base/basic/simpleenroll", $csr, -u => 'demo:secret')->{status}, 200, 'and lets through');
$reply = get("$base/gone/cacerts");
is($reply->{status}, 503, 'signerd is away');
$reply = get('/elsewhere');
like($reply->{headers}{'content-type'}, qr{^text/html}, 'other locations keep their error pages');

my $log = read_file('est.log');
my @expected = (qq{200 "simpleenroll" "issued" "$serial"}, qq{200 "simpleenroll" "replayed" "$serial"},
    '400 "simpleenroll" "malformed" "-"', '200 "cacerts" "ok" "-"', '204 "csrattrs" "ok" "-"',
    '404 "-" "-" "-"', '413 "simpleenroll" "malformed" "-"', '405 "simpleenroll" "unsupported" "-"',
    '503 "cacerts" "unavailable" "-"');
is(join("\n", (split /\n/, $log)[0 .. 8]), join("\n", @expected), 'the variables');
