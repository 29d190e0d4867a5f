# signerd is killed right before each step of the issue path and on both sides of the COMMIT
# within. After a restart the client's retry gets one certificate, and the audit chain verifies:
# nothing lost, nothing minted twice.
use strict;
use warnings;
use Enroll::Test;

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
start_signerd();
# Without reports of what nginx answered itself: their commit could be the one that is killed.
start_nginx(<<'END');
    est_audit off;
    location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth basic; est_password_file %%DIR%%/passwords;
    }
END
allow_log(qr/connect\(\) to unix:.*signerd\.sock failed/);

my $url = '/.well-known/est/simpleenroll';

sub post_as_client {
    my ($name, @options) = @_;
    return post($url, read_file("$name.csr"), -u => 'demo:secret', @options);
}

sub certificates_of {
    my ($subject) = @_;
    my $listed = JSON::PP::decode_json(signerctl(qw(--json cert list), '--subject', $subject)->{out});
    return @{$listed->{certificates}};
}

# The points of signerd/fault.h in the front, in order; the last two come after the COMMIT.
for my $point (map({ "issue:$_" } 1 .. 8), 'commit:1', 'commit:2', 'issue:9') {
    my $step = $point =~ tr/:/-/r;
    my $committed = $point eq 'commit:2' || $point eq 'issue:9';
    for my $key ('', "key-$step") {
        my $name = "device-$step" . ($key ? '-keyed' : '');
        my @options = $key ? (-H => "Idempotency-Key: $key") : ();
        new_csr($name, "/CN=$name");

        stop('signerd');
        {
            local $ENV{SIGNERD_FAULT} = $point;
            local $ENV{SIGNERD} = "$ENV{ENROLL_FAULTY}/signerd";
            start_signerd();
        }
        my $reply = post_as_client($name, @options);
        is($reply->{status}, 503, "$name: the client is told to come again");
        ok($reply->{headers}{'retry-after'}, "$name: and when");
        is(wait_end('signerd'), 128 + 9, "$name: signerd was killed");

        start_signerd();
        is(scalar certificates_of("CN=$name"), $committed ? 1 : 0,
            "$name: issued before the answer only if it was committed");
        my @serials = map {
            my $again = post_as_client($name, @options);
            my ($certificate) = certificates($again->{body});
            $again->{status} == 200 ? lc(cert_text($certificate, '-serial') =~ s/serial=(.*)\n/$1/r)
                : "status $again->{status}";
        } 1 .. 2;
        like($serials[0], qr/^[0-9a-f]+$/, "$name: the retry gets a certificate");
        is($serials[1], $serials[0], "$name: and the next one the same");
        my @stored = certificates_of("CN=$name");
        is(join(' ', map { $_->{serial} } @stored), $serials[0], "$name: which is the only one");
        my $verified = signerctl(qw(audit verify));
        is($verified->{status}, 0, "$name: the audit chain verifies") or diag $verified->{err};
        is(scalar(grep { $_->{subject} eq "CN=$name" && $_->{decision} eq 'allow' } audit_rows()), 1,
            "$name: with one \"allow\"");
    }
}
