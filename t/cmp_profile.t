# A client names its profile in the first message of a transaction (RFC 9810 5.1.1.4), and need not
# do so in those that follow.
use strict;
use warnings;
use Enroll::CmpSite;

my $config = manual_config();
$config->{profiles}{other} = {%{$config->{profiles}{device}}};
start_cmp(config => $config, locations => cmp_location('/cmp', 'cmp_label manual manual; cmp_label other other;')
    . cmp_location('/bare') . cmp_location('/labels', 'cmp_label device device; cmp_label other other;', 'manual'));
device('one');

# The profiles of the records of a transaction.
sub profiles_of { my ($talk) = @_; return join ' ', map { $_->{profile} } records_of($talk->{options}{transaction}) }

# --- certConf ---

my $talk = talk('one');
succeeds(turn($talk, 'ir', cert_profile => 'other'), 'one', 'certProfile in an ir');
for ([{path => '/bare'}, 'a location without the profile'], [{path => '/cmp/p/manual'}, 'another label']) {
    my ($http, $name) = @$_;
    fails(confirm($talk, http => $http), 'badRequest', $name);
}
fails(confirm($talk, cert_profile => 'manual'), 'badRequest', 'another certProfile');
device('two');
my $foreign = {%$talk, options => {%{$talk->{options}}, key => path('two.key'), cert => path('two.pem'), extra => path('two.chain')}};
fails(confirm($foreign), 'badRequest', 'somebody else');
confirmed(confirm($talk), 'none in the certConf');
is(profiles_of($talk), 'other device manual manual device other', 'the records have that of the transaction');

for my $mac (0, 1) {
    my $by = $mac ? 'MAC' : 'signature';
    $talk = talk('one', mac => $mac);
    succeeds(turn($talk, 'cr', http => {path => '/cmp/p/other'}), 'one', "$by: a label in the path", mac => $mac);
    confirmed(confirm($talk), "$by: none in that of the certConf", mac => $mac);
    $talk = talk('one', mac => $mac);
    succeeds(turn($talk, 'cr', cert_profile => 'other'), 'one', "$by: certProfile", mac => $mac);
    confirmed(confirm($talk, cert_profile => 'other'), "$by: and again", mac => $mac);
}

# --- pollReq ---

$talk = talk('one');
is(told(turn($talk, 'ir', cert_profile => 'manual')), 'ip 3', 'one that waits');
fails(turn($talk, 'pollReq', id => 0, http => {path => '/bare'}), 'badRequest', 'polled where the profile is not');
is(turn($talk, 'pollReq', id => 0)->{type}, 'pollRep', 'no certProfile in a pollReq');
my ($waiting) = grep { $_->{state} eq 'waiting' } @{JSON::PP::decode_json(signerctl(qw(--json request list))->{out})->{requests}};
must("$ENV{ENROLL_BIN}/signerctl", '--socket', path('admin.sock'), 'request', 'approve', $waiting->{id});
is(told(turn($talk, 'pollReq', id => 0)), 'ip 0', 'which brings the certificate');
confirmed(confirm($talk), 'none in its certConf');

# --- who names none means that of the location first ---

$talk = talk('one');
is(told(turn($talk, 'ir', http => {path => '/labels'})), 'ip 3', 'the profile of the location');
is(turn($talk, 'pollReq', id => 0, http => {path => '/labels'})->{type}, 'pollRep', 'has its own transactions');
