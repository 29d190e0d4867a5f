# A transaction of CMP lives in signerd: its messages may come to any worker of any nginx, before and
# after a restart, more than once and at the same time; and it ends when nobody confirms.
use strict;
use warnings;
use Enroll::Cmp;
use Enroll::Test;
use IO::Socket::INET;
use JSON::PP ();

my $config = cmp_config(renewal => {});
my %device = %{$config->{profiles}{device}};
sub profile { my ($name, %cmp) = @_; $config->{profiles}{$name} = {%device, cmp => {names => 'any', %cmp}}; return }
profile('kept', confirm_within => '1s', unconfirmed => 'keep');
profile('short', confirm_within => '1s');
profile('implicit', implicit_confirm => JSON::PP::true());
profile('manual', confirm_within => '60s');
$config->{profiles}{manual}{approval} = 'manual';
my @locations = map { cmp_location("/$_", '', $_) } qw(kept short implicit manual);
start_cmp(config => $config, locations => join '', cmp_location('/cmp'), @locations);
start_second_nginx();
device($_) for qw(phone tablet);

# The same configuration on other ports, with four workers.
sub start_second_nginx {
    my $conf = read_file('nginx.conf');
    for my $name (qw(http https)) {
        my ($first, $second) = (port($name), port("second-$name"));
        $conf =~ s/127\.0\.0\.1:$first\b/127.0.0.1:$second/g;
    }
    $conf =~ s/worker_processes 1/worker_processes 4/;
    $conf =~ s{nginx\.pid}{nginx-second.pid};
    my $file = write_file('nginx-second.conf', $conf);
    start('nginx-second', $ENV{ENROLL_NGINX}, '-p', path() . '/', '-e', path('error.log'), '-c', $file);
    my $address = '127.0.0.1:' . port('second-http');
    wait_ready('nginx-second', sub { IO::Socket::INET->new(PeerAddr => $address) });
    return;
}
sub there { my (%http) = @_; return (http => {port => 'second-http', %http}) }
sub restart_signerd { stop('signerd'); start_signerd($config); return }
sub again { my ($message, %http) = @_; return read_message(post_message($message, %http), signers => path('cmp.pem'), secret => SECRET) }
sub json { return JSON::PP::decode_json(signerctl('--json', @_)->{out}) }
sub serial_of { my ($pem) = @_; return lc((cert_text($pem, '-serial') =~ /=(\w+)/)[0]) }
sub revoked { my ($pem) = @_; my ($found) = grep { $_->{serial} eq serial_of($pem) } @{json(qw(cert list --limit 1000))->{certificates}}; return $found->{revoked} }

# --- any nginx, any worker ---

for my $mac (0, 1) {
    my $how = $mac ? 'a secret' : 'a signature';
    my ($type, @mac) = $mac ? ('ir', mac => 1) : ('cr');
    my $talk = talk('phone', @mac);
    my $reply = turn($talk, $type);
    my $pem = succeeds($reply, 'phone', "$how: the first nginx", @mac);
    my $count = issued_count();
    my %seen = map { $_ => again($reply->{message}, port => $_) } qw(http second-http);
    restart_signerd();
    $seen{"$_ after a restart"} = again($reply->{message}, port => $_) for qw(http second-http);
    for (sort keys %seen) {
        is($seen{$_}{certificate}, $pem, "$how: the same message to $_: the same certificate");
        is($seen{$_}{nonce}, $reply->{nonce}, 'with the same nonce');
    }
    is(issued_count(), $count, "$how: one certificate");
    my $confirmed = confirm($talk, there());
    confirmed($confirmed, "$how: confirmed by way of the second", @mac);
    for my $port (qw(http second-http)) {
        my $once_more = again($confirmed->{message}, port => $port);
        is("$once_more->{type} $once_more->{nonce}", "pkiconf $confirmed->{nonce}", "$how: the same certConf to $port");
    }
    restart_signerd();
    is(again($confirmed->{message})->{type}, 'pkiconf', "$how: and after a restart");
    fails(confirm($talk, there()), 'certConfirmed', "$how: another certConf", @mac);
    fails(turn($talk, $type, there()), 'transactionIdInUse', "$how: another request", @mac);
}

# --- at the same time ---

my $before = issued_count();
my $message = forge_message(%{talk('tablet')->{options}}, type => 'cr');
my @clients = map { Enroll::Client->new(plain => $_, path => '/cmp') } (qw(http second-http)) x 4;
$_->send($_->request($message, 'Content-Type: application/pkixcmp')) for @clients;
my @answers = map { read_message($_->receive, signers => path('cmp.pem')) } @clients;
my %certificates = map { $_->{certificate} // $_->{fail_info} => 1 } @answers;
my @pem = grep { /BEGIN/ } keys %certificates;
is(scalar @pem, 1, 'one message eight times at once: one certificate') or diag explain \%certificates;
is(issued_count(), $before + 1, 'and no other one was issued');
$_->close for @clients;

# --- waiting for a person ---

my $waiting = talk('phone', http => {path => '/manual'});
my $reply = turn($waiting, 'cr');
is(told($reply), 'cp 3', 'a person decides: waiting');
is(told(turn($waiting, 'pollReq', id => 0, there(path => '/manual'))), 'pollRep', 'polled at the second nginx');
fails(turn($waiting, 'pollReq', id => 1), 'badRequest', 'a poll for another certReqId');
my $stranger = talk('tablet', http => {path => '/manual'}, transaction => $waiting->{options}{transaction});
my $foreign = turn($stranger, 'pollReq', id => 0, recip_nonce => $waiting->{server_nonce});
is($foreign->{status} // $foreign->{type}, 2, 'polled by another client: refused') or diag explain told($foreign);
restart_signerd();
my $polled = turn($waiting, 'pollReq', id => 0);
is(told($polled), 'pollRep', 'and after a restart');
cmp_ok($polled->{check_after} // 0, '>', 0, 'with when to come again');
is(signerctl(qw(request approve 1))->{status}, 0, 'approved');
my $last = turn($waiting, 'pollReq', id => 0, there(path => '/manual'));
my $pem = succeeds($last, 'phone', 'the next poll');
is(again($last->{message}, path => '/manual')->{certificate}, $pem, 'the same poll once more');
confirmed(confirm($waiting, there(path => '/manual')), 'confirmed');

my $denied = talk('tablet', http => {path => '/manual'});
is(told(turn($denied, 'cr')), 'cp 3', 'another one waits');
is(signerctl(qw(request deny), 2)->{status}, 0, 'it is denied');
is(turn($denied, 'pollReq', id => 0)->{status}, 2, 'a rejection');

# --- confirmation ---

my $kept = succeeds(turn(talk('phone', http => {path => '/kept'}), 'cr'), 'phone', 'never confirmed, where it is kept');
my $short = talk('phone', http => {path => '/short'});
my $lost = succeeds(turn($short, 'cr'), 'phone', 'never confirmed, where it is revoked');
my $unconfirmed = succeeds(turn(talk('phone'), 'cr'), 'phone', 'one that has time');
ok(wait_until(sub { revoked($lost) }, 60), 'it is revoked when its time is over');
is(revoked($kept), undef, 'the one that is kept, whose time was over before, is not');
is(revoked($unconfirmed), undef, 'nor the one that has time');
my $late = confirm($short);
is($late->{status} // $late->{type}, 2, 'it is too late to confirm') or diag explain told($late);

my $rejecting = talk('phone');
my $rejected = succeeds(turn($rejecting, 'cr'), 'phone', 'one that the client will not have');
confirmed(confirm($rejecting, status => 2, text => 'not mine'), 'the client rejects it');
ok(revoked($rejected), 'it is revoked at once');
my $emptied = talk('phone');
$rejected = succeeds(turn($emptied, 'cr'), 'phone', 'another one');
confirmed(turn($emptied, 'certConf', empty => 1), 'rejected by an empty certConf');
ok(revoked($rejected), 'revoked too');

my $granted = ask('phone', 'cr', implicit => 1, http => {path => '/implicit'});
my $implicit = succeeds($granted, 'phone', 'implicitConfirm is asked for');
is($granted->{implicit}, 'yes', 'and granted');
is(ask('phone', 'cr', http => {path => '/implicit'})->{implicit}, undef, 'not without being asked for');
my $refused = ask('phone', 'cr', implicit => 1);
is($refused->{implicit}, undef, 'nor where the profile does not have it');
ok($refused->{wait}, 'but with the time until which to confirm') or diag explain told($refused);
