# Each word of PKIFailureInfo that a client can meet (RFC 9810 5.2.3, RFC 9483 3.6): the answer has
# it, is protected and belongs to the message; nothing was issued; the record tells the cause.
use strict;
use warnings;
use Enroll::Cmp;
use Enroll::FakeSigner;
use Enroll::Test;

sub location_of { my ($signer) = @_; return cmp_location("/$signer") =~ s/cmp_pass signerd/cmp_pass $signer/r }

fake_signer('broken', sub { my ($socket, $request) = @_; syswrite $socket, error_frame($request->{id}, 11, 'a fault'); 1 });
start_cmp(
    http => join('', map { "upstream $_ { server unix:%%DIR%%/$_.sock; }\n" } qw(away broken)),
    locations => join '', cmp_location('/cmp'), cmp_location('/timed', 'cmp_require_time on;'), cmp_location('/.well-known/cmp/'),
        map { location_of($_) } qw(away broken));

allow_log(qr/away\.sock failed/);
device('phone');
csr_of('phone');
enrolled('holder');
new_key('holder-new');
# What a kur and an rr of the holder have beside their type.
my @renewal = (old => path('holder.pem'), new_key => path('holder-new.key'));
my @own = (certificate => path('holder.pem'));

my $begun = 0;    # transactions that a row needs, with a certificate each

# One row: an answer with this failInfo, a record that says why, and no certificate more. Options:
# mac and type as fails() has them; silent: there is no record that could be found.
sub refused {
    my ($name, $fail_info, $cause, $make, %option) = @_;
    $begun = 0;
    my $before = issued_count();
    my $reply = $make->();
    my $transaction = $reply->{sent}{transaction};
    fails($reply, $fail_info, $name, map { exists $option{$_} ? ($_ => $option{$_}) : () } qw(mac type));
    is(issued_count(), $before + $begun, "$name: nothing was issued");
    return if $option{silent};
    is_recorded($transaction eq 'none' ? '' : $transaction, $option{decision} // 'deny', $cause, $name);
    return;
}
sub refused_ask { my ($name, $fail_info, $cause, $who, $type, @options) = @_; return refused($name, $fail_info, $cause, sub { ask($who, $type, @options) }) }

# A transaction in which a certificate waits to be confirmed.
sub waiting {
    my ($name, $type, @options) = @_;
    my $talk = talk($name, @options);
    turn($talk, $type // 'cr');
    $begun++;
    return $talk;
}

# --- badAlg ---

refused_ask('an unknown algorithm of protection', 'badAlg', qr/algorithm/, 'phone', 'cr', claim => 'unknown');
refused_ask('a signature with SHA-1', 'badAlg', qr/SHA-1|algorithm/, 'phone', 'cr', claim => 'ecdsa_sha1');
refused_ask('a MAC with too many iterations', 'badAlg', qr/iterations/, 'phone', 'ir', mac => {iterations => 100_001, derive => 'no'});
refused_ask('a MAC with too few', 'badAlg', qr/iterations/, 'phone', 'ir', mac => {iterations => 1});
refused_ask('a MAC with MD5', 'badAlg', qr/one-way function/, 'phone', 'ir', mac => {owf => 'md5'});
refused_ask('a salt of four octets', 'badAlg', qr/salt/, 'phone', 'ir', mac => {salt => '01020304'});

# --- badMessageCheck ---

refused_ask('a signature with a bit changed', 'badMessageCheck', qr/signature|protection/, 'phone', 'cr', flip => 'protection');
refused_ask('a MAC with a bit changed', 'badMessageCheck', qr/MAC|protection/, 'phone', 'ir', mac => 1, flip => 'protection');
refused_ask('a body with a bit changed', 'badMessageCheck', qr/signature|protection/, 'phone', 'p10cr', flip => 'body');
refused_ask('no protection', 'badMessageCheck', qr/protect/, 'phone', 'cr', protect => 'none');
refused_ask('bits without an algorithm', 'badMessageCheck', qr/protect/, 'phone', 'cr', strip => 'algorithm');
refused_ask('an algorithm without bits', 'badMessageCheck', qr/protect/, 'phone', 'cr', strip => 'bits');
refused_ask('no senderKID', 'badMessageCheck', qr/senderKID/, 'phone', 'ir', mac => 1, kid => 'none');
refused_ask('an algorithm of another key', 'badMessageCheck', qr/signature|protection|algorithm/, 'phone', 'cr', claim => 'rsa');

# --- badRequest ---

refused_ask('two requests in one', 'badRequest', qr/one|several|more/, 'phone', 'cr', count => 2);
refused_ask('a certReqId that is not 0', 'badRequest', qr/certReqId/, 'phone', 'cr', id => 1);
refused_ask('a certReqId of -1', 'badRequest', qr/certReqId/, 'phone', 'cr', id => -1);
refused('several CertStatus', 'badRequest', qr/one|several|more/, sub { confirm(waiting('phone'), count => 2) });
refused('certConf: another certReqId', 'badRequest', qr/certReqId/, sub { confirm(waiting('phone'), id => 1) });
refused('certConf of p10cr with 0', 'badRequest', qr/certReqId/, sub { confirm(waiting('phone', 'p10cr'), id => 0) });
refused('certConf without a transactionID', 'badRequest', qr/transactionID/, sub { confirm(waiting('phone'), transaction => 'none') }, silent => 1);
refused('certConf of no transaction', 'badRequest', qr/transaction/, sub { confirm(waiting('phone'), transaction => random_hex(16)) });
refused('two polls in one', 'badRequest', qr/one|several|more/, sub { ask('phone', 'pollReq', count => 2) });
refused('a poll of no transaction', 'badRequest', qr/transaction/, sub { ask('phone', 'pollReq') });
refused('two revocations in one', 'badRequest', qr/one|several|more/, sub { ask('holder', 'rr', @own, count => 2) });
refused('an answer as a request', 'badRequest', qr/./, sub { ask('phone', 'pkiconf') });
refused('a body that does not suit the path', 'badRequest', qr/path|operation/, sub {
    ask('phone', 'cr', http => {path => '/.well-known/cmp/initialization'}) });

# --- badTime ---

refused_ask('a time of an hour ago', 'badTime', qr/time/i, 'phone', 'cr', time => -3600);
refused_ask('a time in an hour', 'badTime', qr/time/i, 'phone', 'cr', time => 3600);
refused('no time where it has to be there', 'badTime', qr/time/i, sub { ask('phone', 'cr', time => 'none', http => {path => '/timed'}) });

# --- badCertId ---

refused_ask('kur: another serial in oldCertId', 'badCertId', qr/oldCertId|certificate/, 'holder', 'kur', @renewal, old_serial => '0102030405');
refused_ask('kur: another issuer in oldCertId', 'badCertId', qr/oldCertId|certificate/, 'holder', 'kur', @renewal, old_issuer => path('vendor/issuing.pem'));
refused_ask('rr: another issuer', 'badCertId', qr/./, 'holder', 'rr', @own, issuer => path('vendor/issuing.pem'));
refused_ask('rr: a serial that was never given', 'badCertId', qr/./, 'holder', 'rr', @own, serial => '0102030405');
refused('certConf: another hash', 'badCertId', qr/certHash/, sub { confirm(waiting('phone'), cert_hash => '00' x 32) });
refused('certConf: hashAlg with pvno 2', 'badCertId', qr/hashAlg/, sub { confirm(waiting('phone'), hash_alg => 'sha256') });

# --- badDataFormat ---

refused('no transactionID', 'badDataFormat', qr/transactionID/, sub { ask('phone', 'cr', transaction => 'none') }, silent => 1);
refused_ask('confirmWaitTime as UTCTime', 'badDataFormat', qr/generalInfo/, 'phone', 'cr', wait => 300, wait_form => 'utc');
refused_ask('messageTime as UTCTime', 'badDataFormat', qr/messageTime|time/i, 'phone', 'cr', time_form => 'utc');
refused_ask("rr: the reason $_", 'badDataFormat', qr/reason/i, 'holder', 'rr', @own, reason => $_) for 7, 11;
refused_ask('a body that is none', 'badDataFormat', qr/./, 'phone', 'cr', body_hex => '3003020100');

# --- wrongIntegrity ---

refused_ask('kur with a MAC', 'wrongIntegrity', qr/signature|MAC/, 'holder', 'kur', mac => 1, @renewal);
refused_ask('rr with a MAC', 'wrongIntegrity', qr/signature|MAC/, 'holder', 'rr', mac => 1, @own);
refused_ask('nested with a MAC', 'wrongIntegrity', qr/signature|MAC/, 'phone', 'nested', mac => 1,
    inner => write_file('inner', ask('phone', 'cr', protect => 'none')->{message}));
refused('a signature, then a MAC', 'wrongIntegrity', qr/./, sub {
    confirm(waiting('phone'), protect => 'pbm', secret => SECRET, reference => REFERENCE) }, mac => 1);
refused('a MAC, then a signature', 'wrongIntegrity', qr/./, sub {
    my $talk = waiting('phone', 'ir', mac => 1);
    confirm($talk, protect => 'signature', key => path('phone.key'), cert => path('phone.pem'), extra => path('phone.chain')) });

# --- badPOP ---

for my $proof (qw(wrong none encipherment agreement raverified)) {
    refused_ask("a proof of possession: $proof", 'badPOP', qr/possession|proof|raVerified/i, 'phone', 'cr', pop => $proof);
}
refused_ask('a proof by another key', 'badPOP', qr/possession|proof/i, 'phone', 'cr', pop_key => path('holder.key'));
refused_ask('a proof over another key', 'badPOP', qr/possession|proof/i, 'phone', 'cr', pop_input => 'other');
my $csr = read_file('phone.der');
substr($csr, -1, 1) ^= "\x01";
refused_ask('a PKCS#10 with a bit changed', 'badPOP', qr/signature|possession|proof/i, 'phone', 'p10cr', csr => write_file('flipped.der', $csr));

# --- certRevoked, certConfirmed ---

enrolled('gone');
new_key('gone-new');
my $revoked = ask('gone', 'rr', certificate => path('gone.pem'), reason => 1);
is(told($revoked), 'rp 0', 'a certificate is revoked by its owner') or diag explain $revoked->{text};
refused_ask('rr of a revoked one', 'certRevoked', qr/revoked/, 'gone', 'rr', certificate => path('gone.pem'), reason => 1);
refused_ask('kur of a revoked one', 'certRevoked', qr/revoked/, 'gone', 'kur', old => path('gone.pem'), new_key => path('gone-new.key'));

my $talk = waiting('phone');
confirmed(confirm($talk), 'a certConf');
refused('certConf: once more in other words', 'certConfirmed', qr/confirmed/, sub { confirm($talk) });

# --- nonces ---

refused_ask('no senderNonce', 'badSenderNonce', qr/nonce/i, 'phone', 'cr', nonce => 'none');
refused_ask('a senderNonce of 15 octets', 'badSenderNonce', qr/nonce/i, 'phone', 'cr', nonce => '4e' x 15);
refused('certConf: a recipNonce that is not ours', 'badRecipientNonce', qr/nonce/i, sub { confirm(waiting('phone'), recip_nonce => '4e' x 16) });
refused_ask('a recipNonce in the first message', 'badRecipientNonce', qr/nonce/i, 'phone', 'cr', recip_nonce => '4e' x 16);
refused('certConf: no recipNonce', 'badRecipientNonce', qr/nonce/i, sub { confirm(waiting('phone'), recip_nonce => 'none') });

# --- what is asked for ---

refused_ask('no subject and no SAN', 'badCertTemplate', qr/./, 'phone', 'cr', subject => 'none');
refused_ask('an empty subject and no SAN', 'badCertTemplate', qr/./, 'phone', 'cr', subject => 'null');
refused_ask('a CA certificate', 'notAuthorized', qr/CA/, 'phone', 'cr', ca => 1);
my %purpose = (cmcCA => 27, cmcRA => 28, cmKGA => 32);
refused_ask("the purpose $_", 'notAuthorized', qr/purpose|usage|cm/i, 'phone', 'cr', eku => "1.3.6.1.5.5.7.3.$purpose{$_}") for sort keys %purpose;
csr_of('phone', addext => ['basicConstraints=critical,CA:TRUE']);
refused_ask('a CA certificate by PKCS#10', 'notAuthorized', qr/CA/, 'phone', 'p10cr');
csr_of('phone');

# --- signerNotTrusted ---

certify('self', self => 1);
refused_ask('a certificate of its own', 'signerNotTrusted', qr/trust|sign/, 'self', 'cr');
ca_init('stranger');
certify('foreign', ca => 'stranger');
refused_ask('a certificate of a CA that nobody knows', 'signerNotTrusted', qr/trust|sign/, 'foreign', 'cr');

# --- transactionIdInUse, unsupportedVersion ---

my $used = waiting('phone');
refused('the id of a transaction that lives', 'transactionIdInUse', qr/transaction/, sub { turn($used, 'cr') });
refused_ask("pvno $_", 'unsupportedVersion', qr/version|pvno/, 'phone', 'cr', pvno => $_) for 0, 1, 4;
is(ask('phone', 'cr', pvno => $_->[0])->{pvno}, $_->[1], "pvno $_->[0] is answered in version $_->[1]") for [1, 2], [4, 3];

# --- addInfoNotAvailable ---

refused_ask("rr without $_", 'addInfoNotAvailable', qr/serial|issuer/, 'holder', 'rr', @own, omit => $_) for 'issuer,serial';

# --- ours ---

refused('signerd is away', 'systemUnavail', qr/./, sub { ask('phone', 'cr', http => {path => '/away'}) }, silent => 1);
refused('signerd has a fault', 'systemFailure', qr/./, sub { ask('phone', 'cr', http => {path => '/broken'}) }, silent => 1);
