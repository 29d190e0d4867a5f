# The private key of the RA is used in a thread: while it takes as long as it likes, the worker
# serves all other requests, those of SCEP too.
use strict;
use warnings;
use Enroll::ScepServer;
use Enroll::Test;

start_scep_signerd();
{
    local $ENV{LD_PRELOAD} = join ':', grep { $_ } $ENV{LD_PRELOAD}, "$ENV{ENROLL_FAULTY}/held_keys.so";
    local $ENV{HELD_KEYS} = path('hold');
    start_nginx('location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }', main => 'thread_pool default threads=1;', http => <<"END");
    # Reports that are not sent yet would keep a worker as well.
    scep_audit off;
    est_audit off;
    server {
        listen 127.0.0.1:%%PORT:http%%;
        @{[scep_location('signerd')]}
        location = /status { scep_status; }
        location = /static { return 200 "static\\n"; }
    }
END
}
my $url = 'http://127.0.0.1:' . port('http');
my $csr = csr_body('device', '/CN=device-1');

sub inflight { return JSON::PP::decode_json(get("$url/status")->{body})->{total}{in_flight} }

# What is there to "decrypt" and to "sign" waits: the one thread, and those behind it.
for my $what (qw(decrypt sign)) {
    write_file("hold.$what", '');
    my @clients = map { begin_scep("$what$_") } 1 .. 3;
    ok(wait_until(sub { -e path("hold.$what.waits") }), "$what: the key is in use");
    ok(wait_until(sub { inflight() == 3 }), "$what: three requests are in flight") or diag inflight();
    is(get("$url/static")->{status}, 200, "$what: another location is served");
    is(post("/.well-known/est/simpleenroll", $csr)->{status}, 200, "$what: EST");
    is(get("$url/scep?operation=GetCACaps")->{status}, 200, "$what: GetCACaps");
    is(get("$url/scep?operation=GetCACert")->{status}, 200, "$what: GetCACert, which asks signerd");
    is(inflight(), 3, "$what: the three are still being worked on");
    is(scalar(grep { -e path("$_.pem") } @clients), 0, "$what: and have nothing yet");
    unlink path("hold.$what");
    is(join(' ', map { wait_end($_) } @clients), '0 0 0', "$what: they are answered");
    is(scalar(grep { -e path("$_.pem") } @clients), 3, "$what: with their certificates");
}
is(inflight(), 0, 'all places are free');

# A worker that shuts down waits for its threads.
sub masters_children { return qx(pgrep -P @{[pid_of('nginx')]}) =~ /(\d+)/g }
unlink path('hold.decrypt.waits');
write_file('hold.decrypt', '');
my ($old) = masters_children();
my $client = begin_scep('reload');
ok(wait_until(sub { -e path('hold.decrypt.waits') }), 'a key is in use');
kill 'HUP', pid_of('nginx');
ok(wait_until(sub { grep { $_ != $old } masters_children() }), 'a reload brings another worker');
is(get("$url/static")->{status}, 200, 'which serves');
ok(!wait_until(sub { !grep { $_ == $old } masters_children() }, 3), 'the old one stays');
unlink path('hold.decrypt');
is(wait_end($client), 0, 'the old one answers');
ok(-e path('reload.pem'), 'with a certificate');
ok(wait_until(sub { !grep { $_ == $old } masters_children() }), 'and ends');
