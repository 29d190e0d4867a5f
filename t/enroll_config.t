# nginx -t finds what is wrong with CRLs and OCSP, and says where.
use strict;
use warnings;
use Enroll::Test;

ca_init();
my $path = 'enroll_crl_path %%DIR%%/crls;';
my $pass = 'enroll_pass signerd;';

sub tested {
    my ($directives, %option) = @_;
    my $location = $option{location} || '/pki/';
    return nginx_test("location $location {\n$directives\n}", %option);
}

sub accepted {
    my ($name, $directives, %option) = @_;
    my $result = tested($directives, %option);
    is($result->{status}, 0, $name) or diag $result->{err};
    return;
}

sub refused {
    my ($name, $directives, $message, %option) = @_;
    my $result = tested($directives, %option);
    isnt($result->{status}, 0, "$name: refused");
    like($result->{err}, $message, "$name: the message");
    like($result->{err}, qr/nginx\.conf:\d+/, "$name: file and line");
    return;
}

accepted('nothing of it', 'return 204;');
accepted('a list', "$pass enroll_crl issuing;", http => $path);
accepted('a delta', "$pass enroll_crl issuing delta;", http => $path);
accepted('a part', "$pass enroll_crl issuing partition=1024;", http => $path);
accepted('a part that the path names', "$pass enroll_crl issuing delta partition=\$1;", http => $path,
    location => '~ ^/([0-9]+)$');
accepted('the same in another order', "$pass enroll_crl issuing partition=\$1 delta;", http => $path,
    location => '~ ^/([0-9]+)$');
ok(-d path('crls'), 'the folder was made');
accepted('OCSP', "$pass enroll_ocsp;");
accepted('all', <<'END', http => "$path enroll_ocsp_cache 1m; enroll_zone 256k; enroll_max_inflight_total 100; $pass");
enroll_ocsp; enroll_ocsp_nonce on; enroll_max_inflight 10; enroll_connect_timeout 1s;
enroll_send_timeout 1s; enroll_read_timeout 1s; enroll_next_upstream off;
enroll_next_upstream_tries 2; enroll_next_upstream_timeout 1s;
END
accepted('the smallest cache', "$pass enroll_ocsp;", http => 'enroll_ocsp_cache 128k;');
accepted('without a cache', "$pass enroll_ocsp;", http => 'enroll_ocsp_cache off;');
accepted('a socket without a block', 'enroll_pass unix:%%DIR%%/signerd.sock; enroll_ocsp;');
accepted('the signer from above', 'enroll_ocsp;', http => $pass);
accepted('a signer that nobody uses', 'return 204;', http => $pass);
accepted('the counters', 'enroll_status;');
accepted('the counters for Prometheus', 'enroll_status prometheus;');
accepted('in limit_except', "$pass enroll_ocsp; limit_except GET POST { deny all; }");

refused('a list without a signer', 'enroll_crl issuing;', qr/"enroll_crl" needs "enroll_pass"/, http => $path);
refused('OCSP without a signer', 'enroll_ocsp;', qr/"enroll_ocsp" needs "enroll_pass"/);
refused('a list without a folder', "$pass enroll_crl issuing;", qr/"enroll_crl" needs "enroll_crl_path"/);
refused('both', "$pass enroll_crl issuing;\nenroll_ocsp;", qr/"enroll_ocsp" directive does not go with/, http => $path);
refused('both, the other way', "$pass enroll_ocsp;\nenroll_crl issuing;", qr/"enroll_crl" directive does not go with/,
    http => $path);
refused('two lists', "$pass enroll_crl issuing; enroll_crl other;", qr/"enroll_crl" directive is duplicate/, http => $path);
refused('OCSP twice', "$pass enroll_ocsp; enroll_ocsp;", qr/"enroll_ocsp" directive is duplicate/);
refused('beside EST', "$pass est_pass signerd; est_profile device; enroll_ocsp;",
    qr/"enroll_ocsp" directive stands in a location that another directive serves/);
refused('EST beside it', "$pass enroll_ocsp; est_pass signerd; est_profile device;",
    qr/"enroll_ocsp" stands in a location that another directive serves/);
refused('a proxy beside a list', "$pass enroll_crl issuing; proxy_pass http://127.0.0.1:9;",
    qr/"enroll_crl" stands in a location that another directive serves/, http => $path);
refused('counters where OCSP is', "$pass enroll_ocsp; enroll_status;", qr/"enroll_status" directive stands in/);
refused('OCSP where counters are', "$pass enroll_status; enroll_ocsp;", qr/does not go with "enroll_status"/);
refused('counters in another format', 'enroll_status xml;', qr/invalid value "xml"/);
refused('a name that is none', "$pass enroll_crl a/b;", qr/takes the name of a CA/, http => $path);
refused('a name that is too long', "$pass enroll_crl " . 'a' x 65 . ';', qr/takes the name of a CA/, http => $path);
refused('a misspelt word', "$pass enroll_crl issuing dleta;", qr/takes a CA, "delta" and "partition=value"/, http => $path);
refused('delta twice', "$pass enroll_crl issuing delta delta;", qr/takes a CA, "delta"/, http => $path);
refused('no part at all', "$pass enroll_crl issuing partition=;", qr/takes a partition of 1 to 1024/, http => $path);
for my $partition (0, 1025, -1, '01', 'one') {
    refused("part $partition", "$pass enroll_crl issuing partition=$partition;", qr/takes a partition of 1 to 1024/,
        http => $path);
}
my $unknown = tested("$pass enroll_crl issuing partition=\$nobody;", http => $path);    # nginx names no line
like($unknown->{err}, qr/unknown "nobody" variable/, 'an unknown variable');
refused('one CA of two signers', "$pass enroll_crl issuing;", qr/names a CA that another "enroll_pass" has too/,
    http => "$path server { listen 127.0.0.1:%%PORT:other%%; location / { enroll_pass unix:%%DIR%%/x.sock; enroll_crl issuing; } }");
refused('a folder for one location', "$pass $path enroll_crl issuing;", qr/"enroll_crl_path" directive is not allowed here/);
refused('two folders', $pass, qr/"enroll_crl_path" directive is duplicate/, http => "$path $path");
refused('OCSP without a prefix', "$pass enroll_ocsp;", qr/needs a location that is given by a prefix/, location => '~ ^/ocsp');
refused('OCSP without a path', "$pass enroll_ocsp;", qr/needs a location that is given by a prefix/, location => '@ocsp');
refused('a flag', "$pass enroll_ocsp; enroll_ocsp_nonce maybe;", qr/it must be "on" or "off"/);
refused('a small cache', $pass, qr/must have at least 128k/, http => 'enroll_ocsp_cache 64k;');
refused('a cache of no size', $pass, qr/takes a size or "off"/, http => 'enroll_ocsp_cache large;');
refused('two caches', $pass, qr/is duplicate/, http => 'enroll_ocsp_cache 1m; enroll_ocsp_cache off;');
refused('two signers', "$pass $pass enroll_ocsp;", qr/"enroll_pass" directive is duplicate/);
refused('an upstream that is not there', 'enroll_pass nobody; enroll_ocsp;', qr/upstream "nobody"/);
refused('an unprotected TCP connection', 'enroll_pass far; enroll_ocsp;', qr/is not a Unix socket/,
    http => 'upstream far { server 127.0.0.1:9; }');

my $device = "$pass enroll_profile device;";
my $anchors = 'enroll_client_certificate %%DIR%%/ca/chain.pem;';
accepted('a first certificate', "$device enroll_bootstrap;");
accepted('a renewal', "$device $anchors enroll_renewal;");
accepted('all of devices', "enroll_bootstrap; enroll_login_failures 3 per=1m; enroll_audit off; enroll_max_inflight 5;",
    http => "$device $anchors");
accepted('a renewal in limit_except', "$device $anchors enroll_renewal; limit_except POST { deny all; }");
refused('a first certificate without a signer', 'enroll_profile device; enroll_bootstrap;', qr/"enroll_bootstrap" needs "enroll_pass"/);
refused('a first certificate without a profile', "$pass enroll_bootstrap;", qr/"enroll_bootstrap" needs "enroll_profile"/);
refused('a renewal without a signer', "enroll_profile device; $anchors enroll_renewal;", qr/"enroll_renewal" needs "enroll_pass"/);
refused('a renewal without a profile', "$pass $anchors enroll_renewal;", qr/"enroll_renewal" needs "enroll_profile"/);
refused('a renewal without anchors', "$device enroll_renewal;", qr/"enroll_renewal" needs "enroll_client_certificate"/);
refused('a renewal where nobody asks for certificates', 'return 204;', qr/"enroll_renewal" needs "ssl_verify_client optional_no_ca"/,
    http => "server { listen 127.0.0.1:%%PORT:other%%; location / { $device $anchors enroll_renewal; } }");
refused('a profile with a long name', "$pass enroll_profile " . 'a' x 65 . '; enroll_bootstrap;',
    qr/name in "enroll_profile" is too long/);
refused('two profiles', "$device enroll_profile other; enroll_bootstrap;", qr/"enroll_profile" directive is duplicate/);
refused('both of devices', "$device $anchors\nenroll_bootstrap;\nenroll_renewal;", qr/"enroll_renewal" directive does not go with/);
refused('a first certificate twice', "$device enroll_bootstrap; enroll_bootstrap;", qr/"enroll_bootstrap" directive is duplicate/);
refused('with OCSP', "$device enroll_ocsp; enroll_bootstrap;", qr/"enroll_bootstrap" directive does not go with/);
refused('with counters', "$device enroll_bootstrap; enroll_status;", qr/"enroll_status" directive stands in/);
refused('a proxy beside it', "$device enroll_bootstrap; proxy_pass http://127.0.0.1:9;",
    qr/"enroll_bootstrap" stands in a location that another directive serves/);
refused('anchors that are not there', "$device enroll_client_certificate %%DIR%%/none; enroll_renewal;", qr/cannot open/);
refused('an argument', "$device enroll_bootstrap on;", qr/invalid number of arguments/);
refused('for the whole server', 'return 204;', qr/"enroll_bootstrap" directive is not allowed here/, http => 'enroll_bootstrap;');
refused('too many failures', "$device enroll_bootstrap; enroll_login_failures 0;", qr/takes a number of 1 to 1000000/);
refused('half an audit', "$device enroll_bootstrap; enroll_audit maybe;", qr/it must be "on" or "off"/);
refused('a small zone', $pass, qr/at least 131072 bytes/, http => 'enroll_zone 64k;');
my $many = join '', map { "location /$_/ { enroll_pass unix:%%DIR%%/$_.sock; enroll_ocsp; }" } 1 .. 17;
like(nginx_test($many)->{err}, qr/more than 16 different "enroll_pass"/, 'more signers than the cache knows');
