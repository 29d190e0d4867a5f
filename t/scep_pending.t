# "approval": "manual" over SCEP: PENDING until somebody decides, and CertPoll (RFC 8894 3.3.3).
use strict;
use warnings;
use Enroll::Forge;
use Enroll::Test;

ca_init();
my $config = scep_config();
my %device = %{$config->{profiles}{device}};
$config->{profiles}{device} = {%device, approval => 'manual'};
$config->{profiles}{quick} = {%device};
$config->{profiles}{device}{scep} = {challenges => ['lab'], renewal => {from_profiles => ['quick']}};
start_scep(config => $config, locations => scep_location('/scep', 'scep_label quick quick;'));

sub serial { my ($pem) = @_; return lc cert_text($pem, '-serial') =~ s/serial=|\s//gri }
sub decisions { return map { "$_->{decision} $_->{subject}" } grep { $_->{operation} eq 'enroll' && $_->{protocol} eq 'scep' } audit_rows() }
sub request { my ($command, @arguments) = @_; return signerctl('--json', 'request', $command, @arguments) }
sub waiting { return @{JSON::PP::decode_json(request('list')->{out})->{requests}} }
sub poll {
    my ($name, %option) = @_;
    return exchange($name, type => 20, poll_issuer => path('ca/issuing.pem'), poll_subject => path("$name.pem"), %option);
}

# PENDING, signed, and nothing sealed.
sub pends {
    my ($reply, $name) = @_;
    is($reply->{status}, 3, "$name: PENDING") or diag explain {%$reply, http => 0};
    is($reply->{signed_by_ra}, 'yes', "$name: signed by the RA");
    is($reply->{cipher} // $reply->{fail_info}, undef, "$name: and nothing else");
    return;
}

# --- enrolment ---

client($_) for qw(approved denied stranger);
my $reply = exchange('approved', transaction => 'T-1', nonce => '42' x 16);
pends($reply, 'PKCSReq');
is($reply->{transaction}, '1303' . unpack('H*', 'T-1'), 'transactionID');
is($reply->{recipient_nonce}, '0410' . '42' x 16, 'recipientNonce');
pends(exchange('approved', transaction => 'T-1'), 'the same again');
pends(poll('approved', transaction => 'T-1'), 'CertPoll');
pends(exchange('denied', transaction => 'T-2'), 'another client');
is(scalar waiting(), 2, 'two wait');
is_deeply([decisions()], ['pending CN=approved', 'pending CN=denied'], 'one record for each');

client('wrong', challenge => 'open barley');
fails(exchange('wrong'), 2, 'a wrong challenge waits for nobody');
fails(exchange('stranger', transaction => 'T-1'), 2, 'PKCSReq in the transaction of another');
for my $when ('while it waits', 'when it is approved') {
    fails(poll('stranger', transaction => 'T-1'), 4, "CertPoll of another client $when");
    fails(poll('approved', transaction => 'T-3'), 4, "CertPoll of an unknown transaction $when");
    last if $when =~ /approved/;
    my ($id) = map { $_->{id} } grep { $_->{subject} eq 'CN=approved' } waiting();
    is(request('approve', $id)->{status}, 0, 'approved');
}
my $pem = succeeds(poll('approved', transaction => 'T-1'), 'approved', 'CertPoll');
is(serial(succeeds(poll('approved', transaction => 'T-1'), 'approved', 'again')), serial($pem), 'the same certificate');
is(serial(succeeds(exchange('approved', transaction => 'T-1'), 'approved', 'PKCSReq')), serial($pem), 'the same certificate');

is(request('deny', (waiting())[0]{id}, '--reason', 'not on the list')->{status}, 0, 'denied');
$reply = poll('denied', transaction => 'T-2');
fails($reply, 2, 'CertPoll');
unlike($reply->{text}, qr/list/, 'why is not told');
fails(exchange('denied', transaction => 'T-2'), 2, 'PKCSReq');

# --- a renewal for a new key ---

client('old');
my $old = succeeds(exchange('old', http => {path => '/scep/quick'}), 'old', 'a certificate of another profile');
write_file('self.pem', read_file('old.pem'));
use_certificate('old', $old);
client('new', subject => '/CN=old');
client_csr('old', key => 'new');
my @renewal = (transaction => 'R-1');
pends(exchange('old', type => 17, @renewal), 'RenewalReq');
pends(poll('old', @renewal), 'CertPoll with the old certificate');
fails(poll('new', @renewal), 4, 'with the new key, before there is a certificate');
fails(poll('old', @renewal, cert => path('self.pem'), reply => {cert => path('self.pem')}), 4, 'with the old key, but not its certificate');
is(request('approve', (waiting())[0]{id})->{status}, 0, 'approved');
my $renewed = succeeds(poll('old', @renewal), 'new', 'CertPoll with the old certificate');
is(serial(succeeds(exchange('old', type => 17, @renewal), 'new', 'RenewalReq')), serial($renewed), 'the same certificate');
fails(poll('stranger', @renewal), 4, 'CertPoll of another client');
fails(poll('approved', @renewal, cert => path('approved.pem')), 4, 'of one with a certificate of ours');

# --- what happens in between ---

client_csr('old', key => 'new');
pends(exchange('old', type => 17, transaction => 'R-2'), 'another renewal');
is(signerctl('revoke', serial($old))->{status}, 0, 'the old certificate is revoked');
my $late = poll('old', transaction => 'R-2');
isnt($late->{status}, 0, 'it polls nothing any more') or diag explain $late;
my $done = request('approve', (waiting())[0]{id});
isnt(poll('old', transaction => 'R-2')->{status}, 0, 'not even when somebody approves it') or diag explain $done;
is(signerctl(qw(audit verify))->{status}, 0, 'the audit log verifies');
