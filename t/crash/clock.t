# The clock of signerd's host is set back and forth. Certificates begin when it says, a retry gets
# what the first request got, the audit chain verifies whatever the times in it.
use strict;
use warnings;
use Enroll::Client;
use Enroll::Faults;
use Enroll::Test;
use POSIX ();
use Time::Local qw(timegm);

use constant {HOUR => 3600, DAY => 24 * 3600};

# A CA that is older than the test, so that there is a past to go back to.
write_file('faults', "\0" x 40);
{
    local $ENV{LD_PRELOAD} = "$ENV{ENROLL_FAULTY}/faults.so";
    local $ENV{FAULTS_CONTROL} = path('faults');
    faults(clock => -30 * DAY);
    ca_init();
}
faults();
start_with_faults();
start_nginx(<<'END');
    location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }
END

my $client = Enroll::Client->new;
my %month = map { (qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[$_] => $_ } 0 .. 11;

sub seconds {
    my ($text) = @_;
    my ($m, $d, $h, $min, $s, $y) = $text =~ /(\w{3}) +(\d+) (\d+):(\d+):(\d+) (\d{4})/ or die $text;
    return timegm($s, $min, $h, $d, $month{$m}, $y);
}

# {serial, from, until} of what a device gets.
sub enroll {
    my ($name) = @_;
    new_csr($name, "/CN=$name") if !-e path("$name.csr");
    my $reply = $client->post(read_file("$name.csr"));
    return {serial => "status $reply->{status}", from => 0, until => 0} if $reply->{status} != 200;
    my ($pem) = certificates($reply->{body});
    my ($from, $until) = map { seconds($_) } cert_text($pem, '-dates') =~ /=(.*)/g;
    return {serial => Enroll::Client::serial($reply->{body}), from => $from, until => $until};
}

sub around {
    my ($certificate, $time, $name) = @_;
    my $early = $time - $certificate->{from};
    cmp_ok($early, '>=', 0, "$name: valid from the start");
    cmp_ok($early, '<', HOUR, "$name: since a moment ago");
    return is(($certificate->{until} - $time) / DAY >= 89.9 ? 'yes' : $certificate->{until}, 'yes', "$name: for 90 days");
}

my $first = enroll('first');
around($first, time, 'now');

faults(clock => -5 * HOUR);
is(enroll('first')->{serial}, $first->{serial}, 'five hours back: a retry gets the certificate that it got');
my $past = enroll('past');
around($past, time - 5 * HOUR, 'five hours back');

faults(clock => 2 * DAY);
my $again = enroll('first');
around($again, time + 2 * DAY, 'two days on');
isnt($again->{serial}, $first->{serial}, 'two days on: the same bytes are a renewal');

faults(clock => -20 * DAY);
is(enroll('first')->{serial}, $again->{serial}, 'twenty days back: a retry gets the newest');
around(enroll('long-ago'), time - 20 * DAY, 'twenty days back');

faults(clock => -60 * DAY);
unlike(enroll('too-early')->{serial}, qr/^[0-9a-f]/, 'before the CA: no certificate');
like(read_file('signerd.log'), qr/the CA's certificate is not valid now/, 'before the CA: the log says why');

faults();
like(enroll('too-early')->{serial}, qr/^[0-9a-f]{32}$/, 'the right time: a certificate');
is(enroll('past')->{serial} eq $past->{serial} ? 'same' : 'new', 'new', 'the right time: the past has passed');

my @rows = audit_rows();
is(join(' ', map { $_->{sequence} } @rows), join(' ', 1 .. @rows), 'audit records are in the order of events');
ok((grep { $rows[$_]{time} lt $rows[$_ - 1]{time} } 1 .. $#rows), 'though their times are not');
is(signerctl(qw(audit verify))->{status}, 0, 'and the chain verifies');
