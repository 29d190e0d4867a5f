# signerd is killed on both sides of the commit of a revocation, and at each step of the CRL that
# follows. After a restart the list tells of what was committed, its number has not gone down,
# and no number was given to two lists.
use strict;
use warnings;
use Enroll::Revocation;
use Enroll::Test;

ca_init();
start_signerd(revocation_config());
start_nginx(revocation_nginx());
allow_log(qr/signerd/);

my %lists;    # by number
sub seen {
    my ($der) = @_;
    my ($number) = crl_text($der) =~ /CRL Number: \s*(\d+)/;
    $lists{$number}{unpack 'H*', $der} = 1;
    return $number;
}
my $last = seen(wait_for_crl('/issuing.crl', sub { 1 }));

sub start_faulty {
    my ($point) = @_;
    stop('signerd');
    local $ENV{SIGNERD_FAULT} = $point;
    local $ENV{SIGNERD} = "$ENV{ENROLL_FAULTY}/signerd";
    start_signerd(revocation_config());
    return;
}

sub status_of {
    my ($serial) = @_;
    my $shown = JSON::PP::decode_json(signerctl(qw(--json cert show), $serial)->{out});
    return $shown->{certificates}[0]{status};
}

for my $point ('commit:1', 'commit:2', map { "crl:$_" } 1 .. 4) {
    my $name = 'device-' . $point =~ tr/:/-/r;
    my (undef, $serial) = enroll($name);
    start_faulty($point);
    my $told = revoke($serial, qw(--reason superseded));
    is(wait_end('signerd'), 128 + 9, "$point: signerd was killed");
    my $committed = $point ne 'commit:1';
    isnt($told->{status}, 0, "$point: the operator is not told that it is done")
        if $point =~ /^commit/;

    start_signerd(revocation_config());
    is(status_of($serial), $committed ? 'revoked' : 'good', "$point: what is in the store");
    revoke($serial, qw(--reason superseded)) if !$committed;
    my $list = wait_for_crl('/issuing.crl', sub { $_[0] =~ /$serial/i });
    ok((grep { $_ eq $serial } crl_serials($list)), "$point: on the list after a restart");
    my $number = seen($list);
    cmp_ok($number, '>', $last, "$point: with a higher number");
    $last = $number;
    like(signerctl(qw(audit verify))->{out}, qr/chain intact/, "$point: the chain is intact");
}
is(join(' ', grep { keys %{$lists{$_}} > 1 } keys %lists), '', 'no number was given twice');
my @left = map { m{([^/]+)$} } grep { !/,0,\d+\.crl$/ } glob path('signerd.db-crl') . '/*';
is("@left", '', 'nothing of the lists that were not finished is left');
