# EST among nginx's other ways: failed reloads, error_page, if, limit_except, regex locations.
use strict;
use warnings;
use Enroll::Test;

ca_init();
write_file('htpasswd', "demo:{PLAIN}secret\n");
start_signerd();
my $est = 'est_pass signerd; est_profile device; est_auth none;';
my $away = 'est_pass unix:%%DIR%%/absent.sock; est_profile device; est_auth none;';
write_file('static', "static\n");
my $server = <<"END";
    location /.well-known/est/ {
        $est
        if (\$http_x_elsewhere) { return 204; }
        if (\$http_x_proxied) { proxy_pass http://127.0.0.1:%%PORT:plain%%; }
    }
    location /.well-known/est/second/ { $away error_page 502 = \@second; }
    location \@second { est_pass signerd; est_profile device; est_label second; }
    location /.well-known/est/static/ { $away error_page 502 = \@static; }
    location \@static { rewrite ^ /static break; root %%DIR%%; }
    location /.well-known/est/mtls/ {
        est_pass signerd; est_profile device; est_auth mtls;
        est_client_certificate %%DIR%%/ca/chain.pem;
    }
    location /.well-known/est/excepted/ { $est limit_except GET { deny all; } }
    location ~ /.well-known/est/regex/ { $est }
    server {
        listen 127.0.0.1:%%PORT:plain%%;
        location / { return 200 proxied; }
    }
END
my ($inner, $outer) = $server =~ /\A(.*?)(    server \{.*)\z/s;
start_nginx($inner, http => $outer);
allow_log(qr/connect\(\) to unix:.*absent\.sock failed/);

my $base = '/.well-known/est';
new_csr('device', '/CN=device-1');
my $csr = read_file('device.csr');

is(get("$base/second/cacerts")->{status}, 200, 'error_page to another signerd: a GET stays one');
is(get("$base/static/cacerts")->{body}, "static\n", 'error_page to a file');
is(get("$base/cacerts", -H => 'X-Elsewhere: 1')->{status}, 204, 'if with return');
is(get("$base/cacerts", -H => 'X-Proxied: 1')->{body}, 'proxied', 'if with proxy_pass');
is(get("$base/excepted/cacerts")->{status}, 200, 'limit_except: what is allowed');
is(post("$base/excepted/simpleenroll", $csr)->{status}, 403, 'limit_except: what is denied');
is(get("$base/regex/cacerts")->{status}, 404, 'the text of a regex is no label');
is(post("$base/simpleenroll", $csr, -u => "demo:secret")->{status}, 200, 'a password that nobody asked for');

# Subjects longer than the wire's bound, with a character of two bytes at the cut.
my $long = join '', map { "/OU=x" . "\xc3\xa9" x 31 } 1 .. 12;
for my $shift ('', 'y') {
    new_csr("long$shift", "/CN=${shift}long$long");
    my $reply = post("$base/simpleenroll", read_file("long$shift.csr"));
    is($reply->{status}, 200, 'a long subject') or diag $reply->{body};
    write_file("long$shift.pem", certificates($reply->{body}));
    $reply = post("$base/mtls/simpleenroll", $csr, '--cert', path("long$shift.pem"), '--key', path("long$shift.key"));
    is($reply->{status}, 200, 'as the name of a credential') or diag $reply->{body};
}

# A reload that fails must leave the running configuration whole, in new workers too.
write_file('nginx.conf.good', read_file('nginx.conf'));
write_file('nginx.conf', read_file('nginx.conf') . "nonsense;\n");
kill 'HUP', pid_of('nginx');
ok(wait_until(sub { read_file('error.log') =~ /unknown directive "nonsense"/ }), 'a bad configuration is refused');
allow_log(qr/unknown directive "nonsense"/, qr/exited on signal 9/);
my ($worker) = map { /^(\d+) / } grep { (split)[3] == pid_of('nginx') } map { slurp($_) } glob '/proc/[0-9]*/stat';
kill 'KILL', $worker;
ok(wait_until(sub { get("$base/cacerts")->{status} == 200 }), 'a new worker serves');
my $reply = get("$base/second/nonsense");
is("$reply->{status} $reply->{headers}{'content-type'}", '404 text/plain', 'with error pages of one line');
