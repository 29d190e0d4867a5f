# signerd is killed while a request is put before somebody, and while somebody approves or denies
# it: right before each step and on both sides of the COMMIT. After a restart nothing is lost, the
# same can be done again where it was not done, and there is one certificate at most.
use strict;
use warnings;
use Enroll::Test;

ca_init();
my $config = signerd_config();
$config->{profiles}{device}{approval} = 'manual';
start_signerd($config);
# Without reports of what nginx answered itself: their commit could be the one that is killed.
start_nginx(<<'END');
    est_audit off;
    location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }
END
allow_log(qr/connect\(\) to unix:.*signerd\.sock failed/);

sub post_as_client {
    my ($name) = @_;
    return post('/.well-known/est/simpleenroll', read_file("$name.csr"))->{status};
}
sub json { return JSON::PP::decode_json($_[0]{out}) }
sub request_of {
    my ($name) = @_;
    my @found = grep { $_->{subject} eq "CN=$name" } @{json(signerctl(qw(--json request list --all)))->{requests}};
    is(scalar @found, 1, "$name: is there once") if @found;
    return $found[0] // {id => 0, state => 'unknown'};
}
sub certificates_of {
    my ($name) = @_;
    return @{json(signerctl(qw(--json cert list), '--subject', "CN=$name"))->{certificates}};
}
sub records_of {
    my ($name, $decision) = @_;
    return scalar grep { $_->{subject} eq "CN=$name" && $_->{decision} eq $decision } audit_rows();
}

# Runs the code with a signerd that kills itself at this point, and then starts a whole one.
sub killed_at {
    my ($point, $name, $code) = @_;
    stop('signerd');
    {
        local $ENV{SIGNERD_FAULT} = $point;
        local $ENV{SIGNERD} = "$ENV{ENROLL_FAULTY}/signerd";
        start_signerd($config);
    }
    $code->();
    is(wait_end('signerd'), 128 + 9, "$name: signerd was killed");
    start_signerd($config);
    return;
}
sub name_of { return join '-', map { tr/:/-/r } @_ }

for my $point (map({ "issue:$_" } 1, 2, 3, 4, 8), 'commit:1', 'commit:2', 'issue:9') {
    my $name = name_of('ask', $point);
    my $committed = $point eq 'commit:2' || $point eq 'issue:9';
    new_csr($name, "/CN=$name");
    killed_at($point, $name, sub { is(post_as_client($name), 503, "$name: the client is told to come again") });
    is(request_of($name)->{state}, $committed ? 'waiting' : 'unknown', "$name: waits only if it was committed");
    is(post_as_client($name), 202, "$name: the retry waits");
    is(request_of($name)->{state}, 'waiting', "$name: in the list as well");
    is(records_of($name, 'pending'), 1, "$name: with one record");
}

for my $verb (qw(approve deny)) {
    my @points = $verb eq 'approve' ? map { "issue:$_" } 6, 7, 8, 9 : ();
    for my $point (@points, 'commit:1', 'commit:2') {
        my $name = name_of($verb, $point);
        my $committed = $point eq 'commit:2' || $point eq 'issue:9';
        my ($done, $status) = $verb eq 'approve' ? ('issued', 200) : ('denied', 403);
        new_csr($name, "/CN=$name");
        is(post_as_client($name), 202, "$name: waits");
        my $id = request_of($name)->{id};
        killed_at($point, $name, sub { is(signerctl('request', $verb, $id)->{status}, 1, "$name: no answer") });
        is(request_of($name)->{state}, $committed ? $done : 'waiting', "$name: decided only if it was committed");
        my $again = signerctl('request', $verb, $id);
        is($again->{status}, $committed ? 1 : 0, "$name: and once") or diag $again->{err};
        is(post_as_client($name), $status, "$name: the client hears of it") for 1 .. 2;
        is(scalar certificates_of($name), $verb eq 'approve' ? 1 : 0, "$name: certificates");
        is(records_of($name, 'allow'), $verb eq 'approve' ? 1 : 0, "$name: records");
    }
}
my $verified = signerctl(qw(audit verify));
is($verified->{status}, 0, 'the audit chain verifies') or diag $verified->{err};
