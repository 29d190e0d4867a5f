# What a client gets when signerd is away, slow or mad: 503 with Retry-After, soon, and never
# a request that reached one signerd sent to another.
use strict;
use warnings;
use Enroll::FakeSigner;
use Enroll::Test;
use Time::HiRes qw(sleep time);

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");

my %behaviour = (
    silent => sub { sleep 60; 0 },
    closing => sub { 0 },
    garbage => sub { my ($s) = @_; syswrite $s, 'HTTP/1.1 200 OK' . "\r\n" x 20; 1 },
    truncated => sub { my ($s, $q) = @_; syswrite $s, substr error_frame($q->{id}, 6, 'x'), 0, 9; 0 },
    huge => sub { my ($s, $q) = @_; syswrite $s, pack('N', 0x7fffffff) . 'x' x 64; 1 },
    trailing => sub { my ($s, $q) = @_; syswrite $s, error_frame($q->{id}, 6, 'x') . 'more'; 1 },
    foreign_id => sub { my ($s, $q) = @_; syswrite $s, error_frame('z' x 8, 6, 'x'); 1 },
    unknown_kind => sub { my ($s, $q) = @_; syswrite $s, frame(99, $q->{id}); 1 },
    newer_version => sub {
        my ($s, $q) = @_;
        my $frame = frame(5, $q->{id});
        substr $frame, 4, 1, "\2";
        syswrite $s, $frame;
        return 1;
    },
    no_certificate => sub { my ($s, $q) = @_; syswrite $s, frame(3, $q->{id}); 1 },
);

my $locations = '';
my $upstreams = '';
for my $name (sort keys %behaviour, 'away') {
    $upstreams .= "upstream $name { server unix:%%DIR%%/$name.sock; keepalive 4; }\n";
    $locations .= "location /.well-known/est/$name/ { est_pass $name; }\n";
}
$upstreams .= <<'END';
upstream failover { server unix:%%DIR%%/away.sock; server unix:%%DIR%%/dribble.sock; }
upstream sent_once { server unix:%%DIR%%/drops.sock; server unix:%%DIR%%/spare.sock; }
upstream dribble { server unix:%%DIR%%/dribble.sock; keepalive 4; }
END
$locations .= "location /.well-known/est/$_/ { est_pass $_; }\n" for qw(failover sent_once dribble);

sub refuse_dribbling {
    my ($socket, $request) = @_;
    for my $byte (split //, error_frame($request->{id}, 6, 'profile: dribbled')) {
        syswrite $socket, $byte;
        sleep 0.001;
    }
    return 1;
}

fake_signer($_, $behaviour{$_}) for keys %behaviour;
fake_signer('dribble', \&refuse_dribbling);
fake_signer('drops', sub { 0 });
fake_signer('spare', \&refuse_dribbling);

start_nginx(<<"END", http => $upstreams);
    est_profile device; est_auth basic; est_password_file %%DIR%%/passwords;
    est_read_timeout 300ms; est_retry_after 7; est_audit off;
    $locations
END
allow_log(qr/connect\(\) to unix:.*failed \(2: No such file/);

my $csr = read_file('device.csr') || do { new_csr('device', '/CN=device'); read_file('device.csr') };

sub enroll { my ($name) = @_; return post("/.well-known/est/$name/simpleenroll", $csr, -u => 'demo:secret') }

for my $name (sort keys %behaviour, 'away') {
    my $began = time;
    my $reply = enroll($name);
    is($reply->{status}, 503, "$name: 503");
    is($reply->{headers}{'retry-after'}, 7, "$name: Retry-After");
    is($reply->{headers}{'content-type'}, 'text/plain', "$name: text/plain");
    like($reply->{body}, qr/^[^\n<]+\n\z/, "$name: one line");
    unlike($reply->{body}, qr/dribbled|signerd|upstream/, "$name: the client is told no detail");
}

my $reply = enroll('dribble');
is($reply->{status}, 403, 'an answer that comes byte by byte is read');
is($reply->{body}, "profile: dribbled\n", 'the refusal names the rule');

$reply = enroll('failover');
is($reply->{status}, 403, 'a signerd that cannot be reached is passed over');

for my $operation (qw(simpleenroll cacerts)) {
    # Until the rotation has met the server that drops what it has read.
    for (1 .. 2) {
        my ($dropped, $spared) = (seen('drops'), seen('spare'));
        $reply = $operation eq 'cacerts' ? get('/.well-known/est/sent_once/cacerts')
            : enroll('sent_once');
        is(seen('drops') - $dropped + seen('spare') - $spared, 1,
            "$operation: one signerd has read it, $reply->{status}");
        is($reply->{status}, 503, "$operation: what was read and dropped is 503")
            if seen('drops') > $dropped;
    }
}
ok(seen('drops') >= 1, 'the dropping signerd was asked');
