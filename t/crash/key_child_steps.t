# The key child is killed around its signature, once and again and again. A request that loses
# one child is signed by the next and its client notices nothing; one that takes every child down
# with it is told to come again. No certificate exists twice.
use strict;
use warnings;
use Enroll::Client;
use Enroll::Test;

ca_init();
start_nginx(<<'END');
    location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }
END
allow_log(qr/connect\(\) to unix:.*signerd\.sock failed/);

my $client = Enroll::Client->new;

sub enroll { my ($name) = @_; return $client->post(read_file("$name.csr"), "Idempotency-Key: $name") }

sub start_faulty {
    my ($point, $once) = @_;
    stop('signerd');
    local $ENV{SIGNERD_FAULT} = $point;
    local $ENV{SIGNERD} = "$ENV{ENROLL_FAULTY}/signerd";
    local $ENV{SIGNERD_FAULT_ONCE} = $once;
    delete $ENV{SIGNERD_FAULT_ONCE} if !$once;
    start_signerd();
    return;
}

sub serials_of {
    my ($name) = @_;
    my $listed = JSON::PP::decode_json(signerctl(qw(--json cert list --subject), "CN=$name")->{out});
    return join ' ', map { $_->{serial} } @{$listed->{certificates}};
}

sub lost_children { return scalar(() = read_file('signerd.log') =~ /key child lost/g) }

for my $point ('key:1', 'key:2') {
    my $name = 'once-' . $point =~ tr/:/-/r;
    new_csr($name, "/CN=$name");
    my $lost = lost_children();
    start_faulty($point, path("$name.starts"));
    my $reply = enroll($name);
    is($reply->{status}, 200, "$point, once: the client gets its certificate");
    is(lost_children() - $lost, 1, "$point, once: from the second child");
    is(serials_of($name), Enroll::Client::serial($reply->{body}), "$point, once: the only one");

    $name =~ s/once/always/;
    new_csr($name, "/CN=$name");
    start_faulty($point);
    $reply = enroll($name);
    is($reply->{status}, 503, "$point, always: the client is told to come again");
    ok($reply->{headers}{'retry-after'}, "$point, always: and when");
    is(serials_of($name), '', "$point, always: nothing was issued");
    start_faulty('');
    $reply = enroll($name);
    is($reply->{status}, 200, "$point, always: a sound signerd gives it");
    is(serials_of($name), Enroll::Client::serial($reply->{body}), "$point, always: the only one");
}

is(signerctl(qw(audit verify))->{status}, 0, 'the audit chain verifies');
