# A webhook that decides by the challengePassword what it does: "yes" and "no" are answers, the
# others are what goes wrong with one. It takes no request whose signature is not good.
package Enroll::FakeWebhook;
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256_hex);
use Enroll::FakeHttps;
use Exporter 'import';
use JSON::PP ();

our @EXPORT = qw(fake_webhook good_signature);

my ($true, $false) = (JSON::PP::true(), JSON::PP::false());
my %answers = (
    'yes' => [200, {allow => $true}],
    'no' => [200, {allow => $false, reason => "not this one\n"}],
    'text' => [200, {allow => 'true'}],
    'created' => [201, {allow => $true}],
    'forbidden' => [403, {allow => $false}],
    'broken' => [200, '{"allow": true'],
    'huge' => [200, '{"allow": true, "x": "' . 'x' x 300_000 . '"}'],
    'error' => [500, {allow => $true}],
    'silent' => [0],
);

sub good_signature {
    my ($request, $secret) = @_;
    my ($time, $mac) = ($request->{headers}{'x-enroll-signature'} // '') =~ /^t=(\d+),v1=([0-9a-f]{64})$/ or return 0;
    return abs(time - $time) < 60 && $mac eq hmac_sha256_hex("$time.$request->{body}", $secret);
}

sub fake_webhook {
    my ($name, $secret, %option) = @_;
    my $elsewhere = delete $option{elsewhere};    # where "redirect" leads
    fake_https($name, sub {
        my ($request) = @_;
        return (401, {}) if !good_signature($request, $secret);
        my $event = JSON::PP::decode_json($request->{body});
        return (204, '') if $event->{event} ne 'decide';
        my $word = $event->{challenge} // '';
        return (307, '', "Location: $elsewhere") if $word eq 'redirect';
        return @{$answers{$word} || [404, '']};
    }, %option);
    return;
}

1;
