# signerd is killed while it issues a certificate by CMP, while the client confirms or rejects it,
# and while it revokes one that nobody has confirmed: right before each commit, on both sides of the
# COMMIT, and before the answer. After a restart the same message gets the same answer; nothing is
# lost, nothing is minted or recorded twice. A worker of nginx is played here, on signerd's socket.
use strict;
use warnings;
use Digest::SHA qw(sha256);
use Enroll::FakeSigner qw(frame);
use Enroll::Faults;
use Enroll::Test;
use IO::Socket::UNIX;

use constant {ISSUE => 2, ISSUED => 3, ERROR => 1, CONFIRM => 42, DONE => 43};
use constant {CMP => "\3", ENROLL => "\1", MAC => "\5"};

ca_init();
my $config = signerd_config();
$config->{profiles}{device}{cmp} = {names => 'any', confirm_within => '5m'};
start_with_faults($config);

new_csr('device', '/CN=device');
my $csr = must(qw(openssl req -outform DER -in), path('device.csr'));
my $nonces = 0;

sub fields { return join '', map { pack('C N/a', @$_) } @_ }

# What ties a message to its transaction; each time with another nonce for the answer.
sub turn {
    my ($transaction, $message, $recip_nonce) = @_;
    my @recip = defined $recip_nonce ? [3, $recip_nonce] : ();
    return fields([1, $transaction], [2, sha256($message)], @recip, [4, sprintf 'nonce-of-answer-%03d', ++$nonces]);
}
my $originator = fields([1, MAC], [2, 'factory']);

sub issue {
    my ($name) = @_;
    return frame(ISSUE, 'request.', [1, 'device'], [2, CMP], [3, ENROLL], [4, $csr], [12, $name],
        [16, turn($name, "ir of $name")], [17, $originator]);
}

sub confirm {
    my ($name, $issued, $accepted) = @_;
    return frame(CONFIRM, 'confirm.', [1, 'device'], [2, turn($name, "certConf of $name", $issued->{nonce})],
        [3, $originator], [5, $name], [7, "\xff" x 8], [8, sha256($issued->{certificate})],
        $accepted ? [10, "\1"] : ());
}

# {kind, certificate, nonce, replayed}; kind 0 when signerd is gone.
sub ask {
    my ($frame) = @_;
    my $socket = IO::Socket::UNIX->new(Peer => path('signerd.sock')) or return {kind => 0};
    $socket->syswrite($frame);
    my $answer = '';
    1 while sysread $socket, $answer, 65536, length $answer and length $answer < 4 + unpack 'N', $answer;
    return {kind => 0} if length $answer < 16;
    my $kind = unpack 'x5 C', $answer;
    my %field;
    for (my $rest = substr $answer, 16; length $rest;) {
        my ($tag, $value) = unpack 'C N/a', $rest;
        $field{$tag} = $value;
        substr $rest, 0, 5 + length $value, '';
    }
    return {kind => $kind, certificate => $field{1}, replayed => $field{2} ? 1 : 0, nonce => $field{4}} if $kind == ISSUED;
    return {kind => $kind, nonce => $field{1}, replayed => $field{2} ? 1 : 0} if $kind == DONE;
    return {kind => $kind, reason => unpack 'C', $field{4} // "\0"};
}

sub serial_of {
    my ($issued) = @_;
    write_file('issued.der', $issued->{certificate});
    return lc(must(qw(openssl x509 -inform DER -noout -serial -in), path('issued.der')) =~ s/serial=(.*)\n/$1/r);
}

# Runs the code with a signerd that kills itself at this point, and then starts a whole one.
sub killed_at {
    my ($point, $name, $code) = @_;
    stop('signerd');
    {
        local $ENV{SIGNERD_FAULT} = $point;
        local $ENV{SIGNERD} = "$ENV{ENROLL_FAULTY}/signerd";
        $code->();
    }
    is(wait_end('signerd'), 128 + 9, "$name: signerd was killed");
    return start_with_faults($config);
}

sub records { my ($name, $operation) = @_; return scalar grep { $_->{transaction} eq $name && $_->{operation} eq $operation } audit_rows() }
sub is_committed { return $_[0] eq 'commit:2' || $_[0] =~ /^(?:issue:9|confirm:2|sweep:2)$/ }
sub name_of { return join '-', map { tr/:/-/r } @_ }

for my $point ('issue:8', 'commit:1', 'commit:2', 'issue:9') {
    my $name = name_of('issue', $point);
    my $first = $nonces + 1;
    killed_at($point, $name, sub {
        start_with_faults($config);
        is(ask(issue($name))->{kind}, 0, "$name: no answer");
    });
    my @again = map { ask(issue($name)) } 1 .. 2;
    is($again[0]{kind}, ISSUED, "$name: the same message gets a certificate");
    is($again[0]{replayed}, is_committed($point) ? 1 : 0, "$name: the one of before if it was committed");
    is($again[0]{nonce}, sprintf('nonce-of-answer-%03d', $first + (is_committed($point) ? 0 : 1)), "$name: with its nonce");
    ok($again[1]{certificate} eq $again[0]{certificate} && $again[1]{nonce} eq $again[0]{nonce}, "$name: and again");
    is(records($name, 'enroll'), 1, "$name: one record");
}

for my $accepted (1, 0) {
    for my $point ('confirm:1', 'commit:1', 'commit:2', 'confirm:2') {
        my $name = name_of($accepted ? 'confirm' : 'reject', $point);
        my $issued = ask(issue($name));
        is($issued->{kind}, ISSUED, "$name: issued");
        my $first = $nonces + 1;
        killed_at($point, $name, sub {
            start_with_faults($config);
            is(ask(confirm($name, $issued, $accepted))->{kind}, 0, "$name: no answer");
        });
        my $done = ask(confirm($name, $issued, $accepted));
        is($done->{kind}, DONE, "$name: the same message has its answer");
        is($done->{replayed}, is_committed($point) ? 1 : 0, "$name: of before if it was committed");
        is($done->{nonce}, sprintf('nonce-of-answer-%03d', $first + (is_committed($point) ? 0 : 1)), "$name: with its nonce");
        is(records($name, $accepted ? 'confirm' : 'revoke'), 1, "$name: one record");
    }
}

# The time to confirm has passed while signerd was away.
my $clock = 0;
for my $point ('sweep:1', 'commit:1', 'commit:2', 'sweep:2') {
    my $name = name_of('sweep', $point);
    my $issued = ask(issue($name));
    is($issued->{kind}, ISSUED, "$name: issued");
    killed_at($point, $name, sub {
        faults(clock => $clock += 1000);
        eval { start_with_faults($config) };
    });
    my $serial = serial_of($issued);
    my $lapses = sub { grep { $_->{serial} eq $serial && $_->{detail} eq 'not confirmed in time' } audit_rows() };
    ok(wait_until(sub { $lapses->() }), "$name: it is revoked");
    my $late = ask(confirm($name, $issued, 1));
    is($late->{kind}, ERROR, "$name: nothing is left to confirm");
    is($late->{reason}, 20, "$name: which is a bad request");
}

# Those of the steps before that were not confirmed are among them, each once.
my %times;
$times{$_->{serial}}++ for grep { $_->{operation} eq 'revoke' } audit_rows();
is(join(' ', grep { $times{$_} > 1 } sort keys %times), '', 'nothing is revoked twice');
my $verified = signerctl(qw(audit verify));
is($verified->{status}, 0, 'the audit chain verifies') or diag $verified->{err};
