# Frames that signerd turns away before they are requests are in its audit log.
use strict;
use warnings;
use Enroll::Test;

start_signerd();

sub rows { my ($count) = @_; my @rows; wait_until(sub { (@rows = audit_rows()) >= $count }); return @rows }

sub send_frame {
    my ($bytes) = @_;
    my $socket = IO::Socket::UNIX->new(Peer => path('signerd.sock')) or die $!;
    syswrite $socket, $bytes;
    sysread $socket, my $answer, 65536;
    return;
}

my $frontend = run("$ENV{ENROLL_BIN}/signerctl", '--socket', path('signerd.sock'), 'status');
is($frontend->{status}, 1, 'a frontend may not ask for the status');
my ($row) = rows(1);
is("$row->{decision} $row->{reason} $row->{detail}", 'deny denied not permitted: status', 'its record');
is("$row->{peer} $row->{signerd} $row->{protocol}", 'nginx signerd-test none', 'of the peer');

# Another version, another kind, a length that cannot be; within a second they share a record.
send_frame(pack 'N C C n x8', 12, 9, 16, 0) for 1 .. 20;
send_frame(pack 'N C C n x8', 12, 1, 99, 0) for 1 .. 20;
send_frame(pack 'N', 0xffffffff) for 1 .. 20;

sub counted { my $sum = 0; $sum += 1 + ($_->{detail} =~ /; and (\d+) more before it/ ? $1 : 0) for @_; return $sum }

my @rows;
ok(wait_until(sub { counted(@rows = audit_rows()) == 61 }), 'each is counted') or diag counted(@rows);
ok(@rows < 30, 'but does not have a record');
ok(!(grep { $_->{decision} ne 'deny' || $_->{peer} ne 'nginx' } @rows), 'denials of the peer');
like($rows[-1]{detail}, qr/^wire: frame too large; and \d+ more before it\z/, 'that say what it was');
like(signerctl(qw(audit verify))->{out}, qr/chain intact/, 'the chain is intact');

# Revoking is not for whoever enrols.
for my $words ([qw(revoke 4a00)], [qw(release 4a00)], [qw(revoke --profile device)]) {
    my $result = run("$ENV{ENROLL_BIN}/signerctl", '--socket', path('signerd.sock'), @$words);
    is($result->{status}, 1, "a frontend may not: @$words");
    like($result->{err}, qr/not permitted/, 'and is told so');
}
ok(wait_until(sub { (audit_rows())[-1]{detail} =~ /^not permitted: revoke/ }), 'it is recorded');
