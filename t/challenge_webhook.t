# A challenge that a webhook judges: what it is sent, and that nothing but its clear yes is one.
use strict;
use warnings;
use Enroll::FakeHttps;
use Enroll::FakeWebhook;
use Enroll::Scep;
use Enroll::Test;
use MIME::Base64 qw(decode_base64 encode_base64);

my $secret = 'a secret of the webhook';
my ($unauthenticated, $denied, $unavailable) = (5, 6, 10);

sub outside {
    my (%change) = @_;
    return {hosts => [https_host('hook')], ca_file => path('ca/root.pem'), timeout => '5s', %change};
}

sub config {
    my (%webhook) = @_;
    my $config = signerd_config(
        outside => outside(),
        challenges => {hook => {
            type => 'webhook', url => 'https://' . https_host('hook') . '/decide?from=signerd',
            secret => path('hook.secret'), %webhook}});
    $config->{profiles}{device}{scep} = {challenges => ['hook']};
    return $config;
}

ca_init();
write_file('hook.secret', "$secret\n", 0600);
fake_https('other', sub { return (200, {allow => JSON::PP::true()}) });
fake_webhook('hook', $secret, elsewhere => 'https://' . https_host('other') . '/');
start_signerd(config());

# --- yes ---

my $csr = scep_csr('good', 'yes');
my $yes = scep_enrol($csr, transaction => 'T-yes', address => '192.0.2.1');
ok($yes->{certificate}, 'yes: a certificate');
ok(wait_until(sub { requests_to('hook') == 2 }), 'it hears of it');
my ($ask, $tell) = map { {%$_, event => JSON::PP::decode_json($_->{body})} } requests_to('hook');
is("$ask->{method} $ask->{target}", 'POST /decide?from=signerd', 'where it asks');
is($ask->{headers}{'content-type'}, 'application/json', 'the type');
ok(good_signature($ask, $secret), 'signed');
ok(good_signature($tell, $secret), 'the second one too');
my %asked = %{$ask->{event}};
like(delete $asked{id}, qr/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'an id');
isnt($ask->{event}{id}, $tell->{event}{id}, 'each event its own');
like(delete $asked{timestamp}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'a time');
is_deeply(\%asked, {
    event => 'decide', profile => 'device', transaction => 'T-yes', client_address => '192.0.2.1',
    subject => 'CN=good', sans => [], csr => encode_base64($csr, ''), challenge => 'yes'}, 'the question');
is($tell->{event}{event}, 'issued', 'the outcome');
is(decode_base64($tell->{event}{certificate}), $yes->{certificate}, 'with the certificate');
my ($row) = grep { $_->{decision} eq 'allow' } audit_rows();
is($tell->{event}{serial}, $row->{serial}, 'and its serial number');
ok(!exists $tell->{event}{challenge}, 'and without the challenge');

# --- not yes ---

forget_requests('hook');
my $no = scep_enrol(scep_csr('bad', 'no'));
is($no->{error}, $unauthenticated, 'no: refused');
unlike($no->{text} // '', qr/not this one/, 'and the client is not told why');
like((audit_rows())[-1]{detail}, qr/not this one\?/, 'the audit record says it');
for my $word (qw(text created forbidden broken huge error unknown redirect)) {
    is(scep_enrol(scep_csr('device', $word))->{error}, $unavailable, "$word: no answer that counts");
}
is(scalar(requests_to('other')), 0, 'no redirection was followed');
is(scep_enrol(scep_csr('device', undef))->{error}, $unauthenticated, 'without a password: refused');

# --- nobody there ---

# Those that wait for an answer hold up nobody else.
reload_signerd(config(timeout => '2s'));
ok(wait_until(sub { read_file('signerd.log') =~ /: reloaded: / }), 'a reload');
my @waiting = map { scep_send(scep_csr("device$_", 'silent')) } 1 .. 12;
ok(wait_until(sub { (grep { /silent/ } map { $_->{body} } requests_to('hook')) >= 8 }), 'eight are being asked');
is(scep_answer($_)->{error}, $unavailable, 'silence: no answer that counts') for @waiting;
ok(scep_enrol(scep_csr('after', 'yes'))->{certificate}, 'after that: a certificate');

stop('hook');
is(scep_enrol(scep_csr('device', 'yes'))->{error}, $unavailable, 'nobody listens');

# --- somebody else there ---

for my $case (
    ['another name in its certificate', dns => 'other.example'],
    ['TLS 1.1', SSL_version => 'TLSv1_1'],
) {
    my ($what, %option) = @$case;
    forget_requests('hook');
    fake_webhook('hook', $secret, %option);
    is(scep_enrol(scep_csr('device', 'yes'))->{error}, $unavailable, "$what: refused");
    is(scalar(requests_to('hook')), 0, "$what: it was told nothing");
    stop('hook');
}
fake_webhook('hook', 'some other secret of 16');
is(scep_enrol(scep_csr('device', 'yes'))->{error}, $unavailable, 'a webhook that does not know us');
stop('hook');
forget_requests('hook');
fake_webhook('hook', $secret);
reload_signerd({%{config()}, outside => outside(ca_file => '/etc/ssl/certs/ca-certificates.crt')});
ok(wait_until(sub { (() = read_file('signerd.log') =~ /: reloaded: /g) > 1 }), 'other roots');
is(scep_enrol(scep_csr('device', 'yes'))->{error}, $unavailable, 'a certificate of an unknown CA');
is(scalar(requests_to('hook')), 0, 'it was told nothing');

# A proxy of the environment is not asked.
stop('signerd');
local $ENV{https_proxy} = 'http://127.0.0.1:9/';
local $ENV{ALL_PROXY} = 'http://127.0.0.1:9/';
start_signerd(config());
ok(scep_enrol(scep_csr('proxy', 'yes'))->{certificate}, 'no proxy: a certificate');

unlike(read_file('signerd.log'), qr/\Q$secret\E/, 'no secret in the log');
is(signerctl(qw(audit verify))->{status}, 0, 'the audit chain verifies');
