# A human approves: the client hears "waiting", polls, and gets its certificate or a refusal.
use strict;
use warnings;
use Enroll::CmpSite;

start_cmp(config => manual_config(implicit_confirm => JSON::PP::true()),
    locations => cmp_location('/cmp', '', 'manual'));
device('vendor-1');

# The one request that waits; the argument is "approve" or "deny".
sub decide {
    my ($verb) = @_;
    my @waiting;
    wait_until(sub {
        @waiting = grep { $_->{state} eq 'waiting' }
            @{JSON::PP::decode_json(signerctl(qw(--json request list))->{out})->{requests}};
        return @waiting == 1;
    }) or return diag explain \@waiting;
    return must("$ENV{ENROLL_BIN}/signerctl", '--socket', path('admin.sock'), 'request', $verb, $waiting[0]{id});
}

# openssl cmp in the background; it polls until it has its answer.
sub begin {
    my ($name, $command, @by) = @_;
    start($name, qw(openssl cmp -batch -config), '', '-cmd', $command, '-server', '127.0.0.1:' . port('http'), '-path', 'cmp',
        qw(-no_proxy 127.0.0.1 -msg_timeout 60 -total_timeout 120 -trusted), path('ca/root.pem'), @by, wants($name));
    return;
}

for (['ir-secret', 'ir', by_secret()], ['cr-signature', 'cr', by_certificate('vendor-1')]) {
    my ($name, @command) = @$_;
    begin($name, @command);
    decide('approve');
    is(wait_end($name), 0, "$name: the client waits for it") or diag read_file("$name.log");
    ok(issued_by_ca($name), "$name: and has a certificate");
}
begin('denied', 'ir', by_secret());
decide('deny');
isnt(wait_end('denied'), 0, 'denied: the client hears so');
ok(!-e path('denied.pem'), 'denied: no certificate');

# What a poll says, message by message.
my $talk = talk('vendor-1');
is(told(turn($talk, 'ir')), 'ip 3', 'waiting');
my $reply = turn($talk, 'pollReq', id => 0);
is($reply->{type}, 'pollRep', 'not decided');
ok($reply->{check_after} > 0, 'with a time to ask again');
decide('approve');
$reply = turn($talk, 'pollReq', id => 0);
is(told($reply), 'ip 0', 'decided');
is(told(turn(talk('vendor-1'), 'pollReq', id => 0)), 'error 2 badRequest', 'a poll of nothing');
