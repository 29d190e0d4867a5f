# A challenge that Microsoft Intune made and judges, with a stand-in that speaks what is
# documented of its interface.
use strict;
use warnings;
use Digest::SHA qw(sha1_hex);
use Enroll::FakeHttps;
use Enroll::FakeIntune;
use Enroll::Scep;
use Enroll::Test;
use MIME::Base64 qw(encode_base64);

my $secret = 'a client s&cret=';
my ($unauthenticated, $unavailable) = (5, 10);

sub config {
    my (%intune) = @_;
    my $base = 'https://' . https_host('intune');
    my $config = signerd_config(
        outside => {hosts => [https_host('intune')], ca_file => path('ca/root.pem')},
        challenges => {intune => {
            type => 'intune', tenant_id => 'contoso.example', client_id => 'client-1',
            client_secret => path('client.secret'), authority => "$base/",
            discovery => "$base/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints",
            timeout => '10s', %intune}});
    $config->{profiles}{device}{scep} = {challenges => ['intune']};
    return $config;
}

sub targets { return map { $_->{target} =~ s{.*/}{}r } requests_to('intune') }
sub content { return JSON::PP::decode_json($_[0]{body}) }

ca_init();
write_file('client.secret', "$secret\n", 0600);
fake_intune('intune', $secret);
start_signerd(config());

my $password = 'x' x 2000;    # as long as Intune's are
my $csr = scep_csr('phone', $password);
my $yes = scep_enrol($csr, transaction => 'T-77');
ok($yes->{certificate}, 'Success: a certificate');
ok(wait_until(sub { targets() == 5 }), 'it hears of it');
is(join(' ', targets()), 'token endpoints token validateRequest successNotification', 'what was asked');
my @requests = requests_to('intune');
my $request = content($requests[3])->{request};
is_deeply([@$request{qw(transactionId certificateRequest)}], ['T-77', encode_base64($csr, '')], 'validateRequest');
like($request->{callerInfo}, qr{^signerd/\d}, 'who asks');
like($requests[3]{headers}{'client-request-id'}, qr/^[0-9a-f-]{36}$/, 'an id for their support');
my $notice = content($requests[4])->{notification};
is($notice->{transactionId}, 'T-77', 'successNotification');
is($notice->{certificateThumbprint}, uc sha1_hex($yes->{certificate}), 'the thumbprint');
is($notice->{certificateSerialNumber}, (audit_rows())[-1]{serial}, 'the serial number');
like($notice->{certificateExpirationDateUtc}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/, 'the end');
like($notice->{issuingCertificateAuthority}, qr/CN=/, 'the CA');

# Tokens and the place of the service are kept.
forget_requests('intune');
ok(scep_enrol(scep_csr('second', 'y'), transaction => 'T-78')->{certificate}, 'a second device');
ok(wait_until(sub { targets() == 2 }), 'it hears of that');
is(join(' ', targets()), 'validateRequest successNotification', 'nothing else was asked');

forget_requests('intune');
intune_says('intune', 'ChallengeExpired');
is(scep_enrol(scep_csr('late', 'y'), transaction => 'T-79')->{error}, $unauthenticated, 'ChallengeExpired: refused');
like((audit_rows())[-1]{detail}, qr/ChallengeExpired/, 'the audit record says it');
is(join(' ', targets()), 'validateRequest', 'its own refusal is no news to it');

# What goes wrong there is no yes.
intune_says('intune', 'error');
is(scep_enrol(scep_csr('device', 'y'))->{error}, $unavailable, 'status 500');
intune_says('intune', 'Success');
ok(scep_enrol(scep_csr('third', 'y'), transaction => 'T-80')->{certificate}, 'after that: a certificate');
ok(wait_until(sub { (targets())[-1] eq 'successNotification' }), 'it hears of that');

# The place of the service is one that it may call, or it does not.
my $reloads = 0;
sub reloaded {
    my ($config) = @_;
    $reloads = () = read_file('signerd.log') =~ /: reloaded: /g;
    reload_signerd($config);
    return wait_until(sub { (() = read_file('signerd.log') =~ /: reloaded: /g) > $reloads });
}
ok(reloaded(config(endpoint => 'https://' . https_host('intune') . '/svc', notify => JSON::PP::false())), 'a fixed endpoint');
forget_requests('intune');
ok(scep_enrol(scep_csr('fixed', 'y'))->{certificate}, 'with it: a certificate');
is(join(' ', targets()), 'token validateRequest', 'without discovery and notification');

write_file('client.secret', "another one of Intune\n", 0600);
ok(reloaded(config()), 'another secret');
is(scep_enrol(scep_csr('device', 'y'))->{error}, $unavailable, 'one that is not accepted');
like((audit_rows())[-1]{detail}, qr/invalid_client/, 'the audit record says it');
unlike(read_file('signerd.log'), qr/token-for-|another one|\Q$secret\E/, 'no secret in the log');
is(signerctl(qw(audit verify))->{status}, 0, 'the audit chain verifies');
