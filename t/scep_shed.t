# SCEP requests beyond the limit of their location are shed, and recorded; EST of the same nginx
# and signerd is served meanwhile.
use strict;
use warnings;
use Enroll::FakeSigner;
use Enroll::ScepServer;
use Enroll::Test;
use Time::HiRes qw(sleep);

use constant ISSUE => 2;

start_scep_signerd();
# Passes on what it gets; what is to be issued waits for a file "go".
fake_signer('slow', sub {
    my ($socket, $request) = @_;
    if ($request->{kind} == ISSUE) {
        write_file('asked', '');
        sleep 0.01 until -e path('go');
    }
    syswrite $socket, ask_signerd(whole_frame($request));
    return 1;
});
start_nginx(<<'EST', http => <<"END");
    location = /status { scep_status; }
    location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; est_max_inflight 1; }
EST
    upstream slow { server unix:%%DIR%%/slow.sock; keepalive 8; }
    server {
        listen 127.0.0.1:%%PORT:http%%;
        @{[scep_location('slow', 'scep_max_inflight 1; scep_retry_after 7; scep_read_timeout 5m;')]}
    }
END

my $url = 'http://127.0.0.1:' . port('http');
my $csr = csr_body('device', '/CN=device-1');

sub counted { return JSON::PP::decode_json(get('/status')->{body})->{total} }

sub message {
    my ($body) = @_;
    return post("$url/scep?operation=PKIOperation", $body, -H => 'Content-Type: application/x-pki-message');
}

sub shed {
    my ($reply, $what) = @_;
    is($reply->{status}, 503, "$what: 503");
    is($reply->{headers}{'retry-after'}, 7, "$what: Retry-After");
    is($reply->{body}, "too many requests are being worked on, try again later\n", "$what: one line");
    return;
}

begin_scep('first');
ok(wait_until(sub { -e path('asked') }), 'signerd is asked for a certificate, and slow');
is(counted()->{in_flight}, 1, 'the location is full');

my $seen = seen('slow');
shed(message('nonsense'), 'a message');
shed(get("$url/scep?operation=PKIOperation&message=MAA%3D"), 'a message in the query');
shed(get("$url/scep?operation=GetCACert"), 'GetCACert');
is(get("$url/scep?operation=GetCACaps")->{status}, 200, 'GetCACaps asks no signer');
my $busy = enroll_scep('second');
is($busy->{status}, 3, 'a client is told to come again') or diag $busy->{err};
ok(!-e path('second.pem'), 'and has no certificate');
is(counted()->{shed}, 4, 'they are counted');

for my $count (1 .. 3) {
    is(post("/.well-known/est/simpleenroll", $csr)->{status}, 200, "EST is served, $count");
}
ok(!-e path('first.pem'), 'while the first one waits');

# The reports go by the way of the requests, and do not wait with them.
my @rows;
sub shed_rows { return grep { $_->{decision} eq 'shed' } audit_rows() }
ok(wait_until(sub { (@rows = shed_rows()) >= 4 }), 'the audit log has them') or diag scalar @rows;
is(join(' ', sort map { "$_->{protocol}/$_->{reason}/$_->{http_status}" } @rows), join(' ', ('scep/unavailable/503') x 4),
    'as shed, by nginx');
is(scalar(grep { $_->{peer} eq 'nginx' } @rows), 4, 'and who said so');

write_file('go', '');
is(wait_end('first'), 0, 'the first one is answered') or diag read_file('first.log');
ok(-e path('first.pem'), 'with its certificate');
is(counted()->{in_flight}, 0, 'its place is free');
is(enroll_scep('second')->{status}, 0, 'for the next');
is(scalar(shed_rows()), 4, 'nothing else was shed');
