# Delta CRLs and partitions (RFC 5280 5.2.4, 5.2.5, 5.2.6).
use strict;
use warnings;
use Enroll::Revocation;
use Enroll::Test;

ca_init();
my $delta_url = 'http://localhost:' . port('http') . '/delta.crl';
my $config = revocation_config({delta => '10m', delta_urls => [$delta_url]});
start_signerd($config);
start_nginx(revocation_nginx());

my $number = qr/CRL Number: \s*(\d+)/;
my $base = wait_for_crl('/issuing.crl', sub { 1 });
like(crl_text($base), qr/Freshest CRL: \s+Full Name:\s+URI:\Q$delta_url\E/, 'freshest CRL');
my ($base_number) = crl_text($base) =~ $number;
my $delta = wait_for_crl('/delta.crl', sub { 1 });
like(crl_text($delta), qr/Delta CRL Indicator: critical\s+$base_number\b/, 'a delta over it');
like(crl_text($delta), qr/No Revoked/, 'which says nothing new');

my %serial = map { $_ => (enroll($_))[1] } qw(one two);
revoke($serial{one}, qw(--reason certificateHold));
$delta = wait_for_crl('/delta.crl', sub { $_[0] =~ /Serial Number/ });
is_deeply([crl_serials($delta)], [$serial{one}], 'a revocation is in the delta at once');
is((crl_text(crl()->{body}) =~ $number)[0], $base_number, 'the complete list waits for its time');
# On a delta, then released: whoever has that one must hear of it (RFC 5280 5.2.4).
signerctl('release', $serial{one});
$delta = wait_for_crl('/delta.crl', sub { $_[0] =~ /Remove From CRL/ });
is_deeply([crl_serials($delta)], [$serial{one}], 'removeFromCRL');

# On a complete list, then released.
revoke($serial{one}, qw(--reason certificateHold));
signerctl(qw(crl publish issuing));
wait_for_crl('/issuing.crl', sub { $_[0] =~ /$serial{one}/i });
signerctl('release', $serial{one});
$delta = wait_for_crl('/delta.crl', sub { $_[0] =~ /Remove From CRL/ });
is_deeply([crl_serials($delta)], [$serial{one}], 'removeFromCRL over that list');
signerctl(qw(crl publish issuing));
my $both = crl_text(wait_for_crl('/issuing.crl', sub { $_[0] =~ /No Revoked/ }));
my ($before) = crl_text($delta) =~ /Delta CRL Indicator: critical\s+(\d+)/;
$delta = wait_for_crl('/delta.crl', sub { ($_[0] =~ $number)[0] == ($both =~ $number)[0] });
like(crl_text($delta), qr/Delta CRL Indicator: critical\s+$before\b/,
    'beside a new complete list there is a delta over the one before');

# --- partitions ---

my $parts = revocation_config({partitions => 3});
$parts->{cas}{issuing}{crl_urls} = ['http://localhost:' . port('http') . '/part-{partition}.crl'];
reload_signerd($parts);
wait_for_crl('/part-3.crl', sub { 1 });
my %part;
for my $name (map { "part-device-$_" } 1 .. 6) {
    my ($pem, $serial) = enroll($name);
    my ($n) = cert_text($pem) =~ m{URI:http://localhost:\d+/part-([123])\.crl\n} or die cert_text($pem);
    push @{$part{$n}}, $serial;
    revoke($serial);
}
for my $n (sort keys %part) {
    my $list = wait_for_crl("/part-$n.crl", sub {
        my ($text) = @_;
        return @{$part{$n}} == grep { $text =~ /$_/i } @{$part{$n}};
    });
    is_deeply([crl_serials($list)], [sort @{$part{$n}}], "partition $n has its own");
    like(crl_text($list), qr{Issuing Distribution Point: critical\s+Full Name:\s+URI:http://localhost:\d+/part-$n\.crl}, 'and says which one it is');
}
my $complete = wait_for_crl('/issuing.crl', sub { my ($text) = @_; 6 <= (() = $text =~ /Serial Number/g) });
my @all = crl_serials($complete);
is(scalar @all, 6, 'the complete list has them all');
isnt(http("http://localhost:" . port('http') . '/part-4.crl')->{status}, 200, 'there is no fourth');

# Certificates from before the partitions are on the complete list alone.
revoke($serial{two});
wait_for_crl('/issuing.crl', sub { $_[0] =~ /$serial{two}/i });
ok(!(grep { $_ eq $serial{two} } map { crl_serials(crl("/part-$_.crl")->{body}) } 1 .. 3),
    'a certificate without a partition is in none');
