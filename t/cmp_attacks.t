# What somebody can do who has seen the messages of others, or has a certificate, a secret or a CA
# of his own: not more than a stranger, and the answers tell him nothing.
use strict;
use warnings;
use Enroll::Cmp;
use Enroll::Test;

# With cmp_crl each CA of a chain needs a CRL.
ca_init('vendor', '--root-name', 'CN=Vendor Root', '--name', 'CN=Vendor CA');
certify($_) for qw(revoked victim thief);
write_file('crls.pem', vendor_crl('issuing', path('revoked.pem')) . vendor_crl('root'));
start_cmp(config => config_with_plain(), locations => join '', cmp_location('/cmp'), cmp_location('/plain', '', 'plain'),
    cmp_location('/crl', 'cmp_crl %%DIR%%/crls.pem;') =~ s{trusted\.pem}{vendor/root.pem}r);

sub config_with_plain {
    my $config = cmp_config();
    my %device = %{$config->{profiles}{device}};
    $config->{profiles}{plain} = {%device, cmp => {names => 'any'}};
    return $config;
}

# --- what openssl ca does for the vendor ---

sub vendor_ca {
    my ($ca, @options) = @_;
    my $conf = write_file("$ca.cnf", "[ca]\ndefault_ca = v\n[v]\ndatabase = " . path("$ca.index")
        . "\nnew_certs_dir = " . path() . "\nrand_serial = yes\ndefault_md = sha256\npolicy = p\n[p]\ncommonName = supplied\n");
    write_file("$ca.index", '') if !-e path("$ca.index");
    return must(qw(openssl ca -batch -notext -config), $conf, '-cert', path("vendor/$ca.pem"), '-keyfile', path("vendor/$ca.key"), @options);
}
sub vendor_crl {
    my ($ca, @revoked) = @_;
    vendor_ca($ca, -revoke => $_) for @revoked;
    return vendor_ca($ca, qw(-gencrl -crldays 2));
}
# A certificate that was valid once.
sub certify_once {
    my ($name) = @_;
    my $extensions = write_file('once.ext', "keyUsage=digitalSignature\nsubjectKeyIdentifier=hash\n");
    vendor_ca('issuing', '-in', new_csr($name, "/CN=$name"), '-extfile', $extensions, '-out', path("$name.pem"),
        qw(-startdate 20200101000000Z -enddate 20210101000000Z));
    write_file("$name.chain", read_file("$name.pem") . read_file('vendor/issuing.pem'));
    return;
}

sub serial { my ($pem) = @_; return cert_text($pem, '-serial') =~ s/serial=|\s//gr }
sub path_of { my ($name) = @_; return (key => path("$name.key"), cert => path("$name.pem"), extra => path("$name.chain")) }
# All of an answer that a client can compare, but for what belongs to his message.
sub seen { my ($reply) = @_; return join '|', map { $_ // '' } @$reply{qw(type status fail_info text error_code algorithm)} }
sub alike {
    my ($name, @replies) = @_;
    my %seen;
    $seen{seen($_)}++ for @replies;
    is(scalar keys %seen, 1, $name) or diag explain \%seen;
    return;
}
# Nothing is issued by what the code does.
sub harmless {
    my ($name, $code) = @_;
    my $before = issued_count();
    my @replies = $code->();
    is(issued_count(), $before, "$name: nothing was issued");
    return @replies;
}

# --- messages sent again ---

my $talk = talk('victim');
my $first = turn($talk, 'cr');
my $pem = succeeds($first, 'victim', 'the victim itself');
my ($again) = harmless('the same message', sub { read_message(post_message($first->{message}), signers => path('cmp.pem')) });
is($again->{certificate}, $pem, 'sent by somebody else: the same certificate');
is($again->{nonce}, $first->{nonce}, 'and the same nonce');
confirmed(confirm($talk), 'the victim confirms');
my ($late) = harmless('the same message after the confirmation', sub {
    read_message(post_message($first->{message}), signers => path('cmp.pem')) });
is($late->{certificate} // $pem, $pem, 'after the confirmation: no other certificate');

# --- the transaction of another ---

my $open = talk('victim');
my $granted = turn($open, 'cr');
my %same = (transaction => $open->{options}{transaction});
harmless('a transactionID that is taken', sub {
    my $other = talk('thief', %same);
    my $reply = turn($other, 'cr');
    fails($reply, 'transactionIdInUse', 'by another client');
    my $own = turn(talk('victim', %same), 'cr');
    fails($own, 'transactionIdInUse', 'by the same client, with other bytes', type => 'error');
    alike('both hear the same', $reply, $own);
    fails(turn(talk('thief', %same, mac => 1), 'ir'), 'transactionIdInUse', 'by a secret', mac => 1);
});

my $hers = talk('thief');
turn($hers, 'cr');
sub file_of { my ($which) = @_; return write_file('other.pem', $which->{certificate}) }
fails(turn($open, 'certConf', certificate => file_of($hers), id => 0), 'badCertId', 'certConf with the hash of another certificate');
fails(turn($hers, 'certConf', %same, recip_nonce => $granted->{nonce}, certificate => file_of($open), id => 0), 'badMessageCheck',
    'certConf by another client');
fails(confirm($open, protect => 'pbm', secret => SECRET, reference => REFERENCE), 'wrongIntegrity', 'certConf by a secret', mac => 1);
fails(turn($hers, 'certConf', %same, recip_nonce => $granted->{nonce}, empty => 1), 'badMessageCheck', 'a rejection by another client');
certify('twin-of-victim', subject => '/CN=victim');
fails(confirm($open, path_of('twin-of-victim')), 'badMessageCheck', 'certConf by a certificate with the same name');
confirmed(confirm($open, recip_nonce => $granted->{nonce}), 'the victim can confirm all the same');
confirmed(confirm($hers), 'and the thief its own');

# --- protection ---

my $message = write_file('captured', ask('victim', 'cr', protect => 'none')->{message});
my $signed = write_file('signed', forge_message(%{talk('victim')->{options}}, type => 'cr'));
sub sent { my (%option) = @_; return {%{read_message(post_message(forge_message(captured => $signed, %option)), signers => path('cmp.pem'))}} }
harmless('a captured message', sub {
    for my $how ([strip => 'bits'], [flip => 'protection'], [flip => 'body'], [extra => path('thief.chain')]) {
        my $reply = sent(@$how);
        is("$reply->{status} $reply->{fail_info}", '2 badMessageCheck', "@$how[0, 1]") or diag explain $reply->{text};
    }
});
certify('self', self => 1);
my $fake = fake_anchors();
# CAs with the names of the vendor's and keys of their own.
sub fake_anchors {
    ca_init('twin', '--root-name', 'CN=Vendor Root', '--name', 'CN=Vendor CA');
    certify('faked', ca => 'twin');
    write_file('faked-all', read_file('faked.chain') . read_file('twin/root.pem'));
    ca_init('stranger');
    certify('foreign', ca => 'stranger');
    write_file('foreign-all', read_file('foreign.chain') . read_file('stranger/root.pem'));
    return path('faked-all');
}
my @vendors = map { path("vendor/$_.pem") } qw(issuing root);
my @strangers = (
    ['a certificate of its own', 'self', path('self.pem')],
    ['its own, with those of the vendor', 'self', join ',', path('self.pem'), @vendors],
    ['a CA with the names of the vendor\'s', 'faked', path('faked.chain')],
    ['with its root', 'faked', $fake],
    ['with its root and the vendor\'s', 'faked', join ',', $fake, @vendors],
    ['a foreign CA with its root', 'foreign', path('foreign-all')],
    ['a foreign CA, with those of the vendor', 'foreign', join ',', path('foreign-all'), @vendors],
    ['no certificate', 'thief', 'none'],
);
harmless('signers that nobody trusts', sub {
    for (@strangers) {
        my ($name, $who, $extra) = @$_;
        my $reply = ask($who, 'cr', extra => $extra);
        fails($reply, $extra eq 'none' ? 'badMessageCheck' : 'signerNotTrusted', $name);
    }
});
certify_once('expired');
fails(ask('expired', 'cr'), 'signerNotTrusted', 'an expired signer');
my @checked = (http => {path => '/crl'});
fails(ask('revoked', 'cr', @checked), 'signerNotTrusted', 'a signer that its vendor has revoked');
succeeds(ask('thief', 'cr', @checked), 'thief', 'one that it has not revoked');
certify('encipherer', extensions => 'keyUsage=critical,keyEncipherment');
fails(ask('encipherer', 'cr'), 'signerNotTrusted', 'a signer whose key may not sign');

# --- MACs ---

harmless('secrets that are none', sub {
    my @mac = (['an unknown reference', {reference => 'lab-9'}], ['a wrong secret', {secret => 'open sesame 77'}],
        ['the secret of another', {secret => 'another secret'}], ['an empty reference', {reference => ''}]);
    my @replies;
    for (@mac) {
        my ($name, $how) = @$_;
        push @replies, ask('thief', 'ir', mac => $how);
        fails($replies[-1], 'badMessageCheck', $name);
        fails(ask('thief', 'ir', mac => {%$how, protect => 'pbmac1'}), 'badMessageCheck', "$name, PBMAC1");
    }
    alike('an unknown reference and a wrong secret look alike', @replies);
});
# Were a key derived, the answer would be badMessageCheck, as above.
for my $iterations (100_001, 10_000_000, 2**31, '0x7fffffffffffffff') {
    for my $how (qw(pbm pbmac1)) {
        my %bomb = (iterations => $iterations, derive => 'no', protect => $how);
        fails(ask('thief', 'ir', mac => \%bomb), 'badAlg', "$how with $iterations iterations");
        fails(ask('thief', 'ir', mac => {%bomb, reference => 'lab-9'}), 'badAlg', 'the same with an unknown reference');
    }
}
fails(ask('thief', 'ir', mac => {protect => 'pbmac1', key_length => 1_000_000, derive => 'no'}), 'badAlg', 'a key of a million octets');
fails(ask('thief', 'ir', mac => {salt => '5a' x 50_000, derive => 'no'}), 'badAlg', 'a salt of fifty thousand octets');

# --- what an RA may, and others not ---

certify('ra', ca => 'ra-ca', extensions => "extendedKeyUsage=1.3.6.1.5.5.7.3.28\nkeyUsage=digitalSignature");
certify('ra-plain', ca => 'ra-ca');
certify('ra-vendor', extensions => "extendedKeyUsage=1.3.6.1.5.5.7.3.28\nkeyUsage=digitalSignature");
my @others = (new_key => path('thief.key'), pop => 'raverified');
succeeds(ask('ra', 'cr', @others, subject => 'CN=by-ra'), 'thief', 'an RA vouches');
harmless('possession that somebody else vouches for', sub {
    fails(ask('thief', 'cr', @others), 'badPOP', 'a client');
    fails(ask('thief', 'ir', @others, mac => 1), 'badPOP', 'a secret', mac => 1);
    fails(ask('ra-plain', 'cr', @others), 'signerNotTrusted', 'one of the RA\'s CA without the purpose');
    fails(ask('ra-vendor', 'cr', @others), 'badPOP', 'one with the purpose of the vendor\'s CA');
    fails(ask('ra', 'cr', @others, http => {path => '/plain'}), 'badPOP', 'an RA, where the profile knows none');
});

# --- nested messages ---

my $inner = write_file('inner', forge_message(%{talk('victim')->{options}}, type => 'cr'));
my %nest = (inner => $inner, type => 'nested');
sub nested { my ($who, @options) = @_; return ask($who, 'nested', inner => $inner, @options) }
harmless('bombs', sub {
    fails(nested('thief'), 'notAuthorized', 'nested by a client');
    fails(nested('ra', times => 17), 'badRequest', 'seventeen messages');
    for my $depth (1, 16, 1000) {
        like(told(nested('ra', depth => $depth)), qr/^error 2 bad(?:Request|DataFormat)$/, "nested $depth times more");
    }
    is(nested('ra', times => 400)->{type}, 'HTTP 413', 'as many as are too large');
    is(ask('thief', 'cr', pad => 200_000)->{type}, 'HTTP 413', 'a header of 200000 octets');
    is(ask('thief', 'cr', extra_times => 17)->{type}, 'HTTP 400', 'seventeen extraCerts and more');
    like(told(ask('thief', 'cr', infos => 17)), qr/^HTTP 400|2 bad/, 'seventeen infos');
    for my $depth (40, 1000, 30_000) {
        is(post_message("\x30\x80" x $depth . "\x00\x00" x $depth)->{status}, 400, "BER in $depth indefinite lengths");
        my $der = '';
        for (1 .. $depth) { $der = "\x30" . length_octets(length $der) . $der if length $der < 150_000 }
        is(post_message($der)->{status}, 400, "$depth sequences in sequences");
    }
    is(post_message("\x30\x84\xff\xff\xff\xff" . 'x' x 100)->{status}, 400, 'a length of four gigabytes');
    is(post_message('')->{status}, 400, 'nothing');
});
sub length_octets {
    my ($length) = @_;
    return chr $length if $length < 0x80;
    my $octets = pack('N', $length) =~ s/^\x00+//r;
    return chr(0x80 | length $octets) . $octets;
}

# --- certificates of others ---

enrolled('insider');
enrolled('neighbour');
new_key('insider-new');
my @renew = (new_key => path('insider-new.key'));
harmless('what is not one\'s own', sub {
    fails(ask('insider', 'kur', @renew, old => path('neighbour.pem')), 'badCertId', 'kur with oldCertId of another');
    my $named = ask('insider', 'kur', @renew, old => path('insider.pem'), subject => 'CN=neighbour');
    is($named->{status}, 2, 'kur for the name of another: refused') or diag explain told($named);
    fails(ask('insider', 'rr', certificate => path('neighbour.pem'), reason => 1), 'badCertId', 'rr of another');
    fails(ask('victim', 'rr', certificate => path('neighbour.pem'), reason => 1), 'badCertId', 'rr by a client of the vendor');
    my $own_name = ask('twin-of-victim', 'kur', old => path('twin-of-victim.pem'));
    is($own_name->{status}, 2, 'kur of a vendor\'s certificate: refused') or diag explain told($own_name);
    fails(ask('insider', 'kur', @renew, old => path('insider.pem'), ca => 1), 'notAuthorized', 'kur for a CA certificate');
});
is(signerctl(qw(revoke --reason keyCompromise), serial(read_file('insider.pem')))->{status}, 0, 'a certificate is revoked');
harmless('a revoked signer', sub {
    for my $type (qw(cr kur)) {
        my $reply = ask('insider', $type, @renew, $type eq 'kur' ? (old => path('insider.pem')) : ());
        like(told($reply), qr/ 2 (?:certRevoked|signerNotTrusted)$/, "$type by a revoked signer") or diag explain $reply->{text};
    }
});

# --- octets changed and cut off ---

my $whole = read_file('signed');
harmless('octets of a signed message', sub {
    my ($answered, %types) = (0);
    # What stands behind the signer's certificate only helps to build its chain, and he is known.
    my $signer = must(qw(openssl x509 -outform DER -in), path('victim.pem'));
    my $end = index($whole, $signer) + length $signer;
    for (my $at = 4; $at < $end; $at += 13) {
        my $changed = $whole;
        substr($changed, $at, 1) ^= chr(1 + $at % 255);
        my $reply = read_message(post_message($changed), signers => path('cmp.pem'));
        $types{"$at: $reply->{type}"}++ if $reply->{type} !~ /^HTTP 400$|^error$/;
        $answered++;
    }
    is_deeply(\%types, {}, "$answered messages with an octet changed");
    my %cut;
    for (my $size = 1; $size < length $whole; $size += 29) {
        my $http = post_message(substr $whole, 0, $size);
        $cut{"$size: $http->{status}"}++ if $http->{status} != 400;
    }
    is_deeply(\%cut, {}, 'messages that end too soon');
    is(post_message("$whole\x00")->{status}, 400, 'one octet more');
});
