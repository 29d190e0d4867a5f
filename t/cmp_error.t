# What a client says that is no request: that it gives its transaction up, which is confirmed, and
# announcements, which are not for a CA to hear.
use strict;
use warnings;
use Enroll::CmpSite;
use JSON::PP ();

my $config = cmp_config();
$config->{profiles}{kept} = {%{$config->{profiles}{device}}, cmp => {names => 'any', unconfirmed => 'keep'}};
start_cmp(config => $config, locations => cmp_location('/cmp', 'cmp_label kept kept;'));
device($_) for qw(phone tablet);

sub state_of {
    my ($pem) = @_;
    my ($serial) = cert_text($pem, '-serial') =~ /serial=(\w+)/;
    my ($found) = grep { $_->{serial} eq lc $serial } @{JSON::PP::decode_json(signerctl(qw(--json cert list))->{out})->{certificates}};
    return $found->{status};
}
sub begun {
    my ($name, %option) = @_;
    my $talk = talk($name, %option);
    my $pem = succeeds(turn($talk, 'cr'), $name, "$name has a certificate", mac => $option{mac});
    return ($talk, $pem);
}
# Of the signerd's, which are there before the answer is.
sub last_detail { my ($talk) = @_; return (records_of($talk->{options}{transaction}))[-1]{detail} }

# --- an error message ---

for my $mac (0, 1) {
    my $by = $mac ? 'MAC' : 'signature';
    my ($talk, $pem) = begun('phone', mac => $mac);
    my $gives_up = turn($talk, 'error', fail => 5, text => 'cannot read it');
    confirmed($gives_up, "$by: the client gives up", mac => $mac);
    is(state_of($pem), 'revoked', "$by: its certificate is revoked at once");
    is(last_detail($talk), 'given up by the client: cannot read it', "$by: in its words");
    my $again = read_message(post_message($gives_up->{message}), signers => path('cmp.pem'), secret => SECRET);
    is("$again->{type} $again->{nonce}", "pkiconf $gives_up->{nonce}", "$by: sent again");
    fails(confirm($talk), 'certConfirmed', "$by: too late to confirm", mac => $mac);
}
my ($talk, $pem) = begun('phone');
confirmed(turn($talk, 'error', fail => 5, recip_nonce => undef), 'what cannot be read has no nonce to give back');
is(state_of($pem), 'revoked', 'revoked as well');
is(last_detail($talk), 'given up by the client: badDataFormat', 'failInfo, where there are no words');

($talk, $pem) = begun('phone', http => {path => '/cmp/p/kept'});
confirmed(turn($talk, 'error', http => {path => '/cmp'}), 'where the profile keeps what is not confirmed');
is(state_of($pem), 'good', 'it is kept');
is(last_detail($talk), 'the certificate stays as it is: given up by the client: no failInfo', 'and why is in the record');

# --- of others, or of nothing: the same answer, and nothing comes of it ---

($talk, $pem) = begun('phone');
my %same = (transaction => $talk->{options}{transaction});
my $nonce = $talk->{server_nonce};
confirmed(turn(talk('tablet', %same), 'error', recip_nonce => $nonce), 'by somebody else');
confirmed(turn($talk, 'error', recip_nonce => random_hex(16)), 'with another nonce');
is(state_of($pem), 'good', 'the certificate is');
confirmed(confirm($talk, recip_nonce => $nonce), 'and can be confirmed');
confirmed(turn($talk, 'error'), 'after it was confirmed');
is(state_of($pem), 'good', 'it stays');
confirmed(turn(talk('phone'), 'error', recip_nonce => random_hex(16)), 'in a transaction that nobody knows');
fails(turn($talk, 'error', flip => 'protection'), 'badMessageCheck', 'by nobody');
fails(turn($talk, 'error', body_hex => '3000'), 'badDataFormat', 'one that is none');

# --- announcements, and other messages that are no requests (RFC 9810 5.3.13 to 5.3.16) ---

for my $type (qw(ckuann cann rann crlann krr krp ip cp kup rp ccr ccp popdecc popdecr pkiconf genp pollRep)) {
    my $reply = ask('phone', $type, body_hex => '3000');
    fails($reply, 'badRequest', $type, type => 'error');
    is("$reply->{http}{status} $reply->{http}{headers}{'content-type'}", '200 application/pkixcmp', "$type: an answer");
}
fails(ask('phone', 'rann', body_hex => '3000', mac => 1), 'badRequest', 'with a MAC', type => 'error');
