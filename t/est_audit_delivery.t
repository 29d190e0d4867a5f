# What nginx reports arrives, once: when signerd is away, when its answer gets lost, when there
# is more than the worker keeps, and when the worker ends.
use strict;
use warnings;
use Enroll::FakeSigner;
use Enroll::Test;

use constant {REPORT => 6, MALFORMED => 1, UNAVAILABLE => 10};

write_file('passwords', "demo:{PLAIN}secret\n");
start_signerd();

# --- signers between nginx and signerd, which pass on what they do not spoil ---

# The first so many reports are spoilt, whichever connection they come over.
sub first_reports {
    my ($name, $count, $spoil) = @_;
    fake_signer($name, sub {
        my ($socket, $request) = @_;
        my $whole = whole_frame($request);
        if ($request->{kind} == REPORT) {
            open my $out, '>>', path("$name.reports") or die $!;
            print {$out} unpack('H*', $whole), "\n";
            close $out;
            my $reports = () = read_file("$name.reports") =~ /\n/g;
            return $spoil->($socket, $request, $whole) if $reports <= $count;
        }
        syswrite $socket, ask_signerd($whole);
        return 1;
    });
}

first_reports('losing', 2, sub { ask_signerd($_[2]); return 0 });
first_reports('busy', 1, sub { syswrite $_[0], error_frame($_[1]{id}, UNAVAILABLE, 'x'); 1 });
first_reports('strict', 1, sub { syswrite $_[0], error_frame($_[1]{id}, MALFORMED, 'x'); 1 });
first_reports('silent', 1, sub { sleep 60; 0 });
first_reports('talking', 1, sub { syswrite $_[0], 'x' x 64; 1 });

my @fakes = qw(losing busy strict silent talking);
my $upstreams = join '', map { "upstream $_ { server unix:%%DIR%%/$_.sock; }\n" } @fakes;
my $locations = join '', map { <<"END" } @fakes, 'failover';
    location /.well-known/est/$_/ { est_pass $_; }
END
my @nginx = (<<"END", http => <<"HTTP");
    $locations
    location /.well-known/est/ { est_pass signerd; }
    est_profile device; est_auth basic; est_password_file %%DIR%%/passwords;
END
    $upstreams
    upstream failover { server unix:%%DIR%%/nowhere.sock; server unix:%%DIR%%/signerd.sock backup; }
    keepalive_requests 100000;
    server {
        listen 127.0.0.1:%%PORT:plain%%;
        location /.well-known/est/ {
            est_pass signerd; est_profile device; est_auth basic;
            est_password_file %%DIR%%/passwords;
        }
    }
HTTP
start_nginx(@nginx);
allow_log(qr/connect\(\) to unix:.*failed \(2: No such file/, qr/connect\(\) to unix:.*refused/);

my $csr = csr_body('device', '/CN=device-1');
my $est = '/.well-known/est';
my $before = 0;

# The new records, when there are so many.
sub new_rows {
    my ($count) = @_;
    my @rows;
    wait_until(sub { (@rows = audit_rows()) >= $before + $count }, 60);
    @rows = @rows[$before .. $#rows];
    $before += @rows;
    return @rows;
}

sub refused { my ($label) = @_; return get("$est/" . ($label ? "$label/" : '') . 'simpleenroll')->{status} }

# So many refusals over one connection.
sub flood {
    my ($count) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . port('plain')) or die $!;
    my ($sent, $seen, $text) = (0, 0, '');
    while ($seen < $count) {
        for (; $sent < $count && $sent < $seen + 50; $sent++) {
            syswrite $socket, "GET $est/simpleenroll HTTP/1.1\r\nHost: localhost\r\n\r\n";
        }
        sysread $socket, $text, 65536, length $text or last;
        $seen++ while $text =~ s/^.*?HTTP\/1\.1 405 //s;
    }
    return $seen;
}

# --- signers that do not answer as they should ---

is(refused('losing'), 405, 'answers that get lost: refused');
my @rows = new_rows(1);
my @reports = split /\n/, read_file('losing.reports');
ok(wait_until(sub { (@reports = split /\n/, read_file('losing.reports')) >= 3 }), 'reported again');
is($reports[$_], $reports[0], 'the very same batch') for 1, 2;
is(refused('losing'), 405, 'and once more');
push @rows, new_rows(1);
is(scalar(@rows), 2, 'each is recorded once');

for my $name (qw(busy silent talking)) {
    is(refused($name), 405, "$name: refused");
    is(scalar(new_rows(1)), 1, "$name: recorded once");
}

is(refused('strict'), 405, 'a signer that calls a report malformed');
is((new_rows(1))[0]{detail} =~ s/ between.*//r, 'not recorded: 1 decisions', 'what it refuses is counted');

is(refused('failover'), 405, 'the next server of the upstream');
is(scalar(new_rows(1)), 1, 'takes the report');

# --- signerd away ---

stop('signerd');
my $reply = post("$est/simpleenroll", $csr, -u => 'demo:secret');
is($reply->{status}, 503, 'signerd is away');
is(refused(), 405, 'nginx still refuses');
start_signerd();
@rows = new_rows(2);
is(join(' ', map { $_->{http_status} } @rows), '503 405', 'it is told when it is back');
is("$rows[0]{decision} $rows[0]{reason} $rows[0]{detail}",
    'shed unavailable signerd did not answer', 'what it missed');
is("$rows[0]{credential} $rows[0]{credential_name} $rows[0]{operation}", 'basic demo enroll', 'of whom');
like($rows[0]{csr_sha256}, qr/^[0-9a-f]{64}\z/, 'and which CSR');
is(post("$est/simpleenroll", $csr, -u => 'demo:secret')->{status}, 200, 'the client comes again');
new_rows(1);

stop('signerd');
is(flood(1500), 1500, 'more refusals than a worker keeps');
start_signerd();
@rows = new_rows(1025);
is(scalar(grep { ($_->{http_status} // 0) == 405 } @rows), 1024, 'what was kept arrives');
my @gap = grep { !$_->{http_status} } @rows;
is(scalar(@gap), 1, 'with one record of a gap');
like($gap[0]{detail}, qr/^not recorded: 476 decisions between 20\S+Z and 20\S+Z\z/, 'that has the number');
is("$gap[0]{decision} $gap[0]{reason} $gap[0]{peer}", 'shed unavailable nginx', 'and the peer');
my @complaints = read_file('error.log') =~ /audit: "signerd".* wait to be recorded/g;
ok(@complaints <= 2, 'the error log says so, not each time');

# --- the worker ends ---

for (1 .. 3) {
    is(refused(), 405, 'refused');
    my $workers = () = read_file('error.log') =~ /worker process is shutting down|gracefully/g;
    reload_nginx(@nginx);
    wait_until(sub { (() = read_file('error.log') =~ /gracefully/g) > $workers });
}
is(scalar(new_rows(3)), 3, 'a reload loses nothing');

is(refused(), 405, 'refused');
ok(stop('nginx', 'QUIT'), 'nginx quits');
is(scalar(new_rows(1)), 1, 'what it had is recorded');

start_nginx(@nginx);
is(refused(), 405, 'refused');
ok(stop('nginx', 'TERM'), 'nginx is stopped at once');
is(scalar(new_rows(1)), 1, 'what it had is recorded');

start_nginx(@nginx);
stop('signerd');
is(refused(), 405, 'refused');
ok(stop('nginx', 'TERM'), 'nginx is stopped without signerd');
like(read_file('error.log'), qr/audit: "signerd" is away, 1 decisions of this worker are not recorded/,
    'the error log tells of the loss');
start_nginx(@nginx);
is(refused(), 405, 'refused');
ok(stop('nginx', 'QUIT'), 'nginx quits without signerd');
start_signerd();
is(scalar(audit_rows()), $before, 'nothing is recorded twice');
like(signerctl(qw(audit verify))->{out}, qr/chain intact/, 'the chain is intact');
