# What clients say and are called, in the audit records: in one line each, and cut between characters.
use strict;
use warnings;
use Encode ();
use Enroll::Cmp;
use Enroll::Test;

start_cmp();

# --- the words of a client that rejects its certificate ---

device('phone');
my $umlaut = "\xc3\xbc";    # as UTF-8
my $said = 'rejected by the client: ';
my @words = (
    ['line feeds, escapes and quotes', "one\ntwo\e[31m\x7f \"three\"\\", 'one\x0atwo\x1b[31m\x7f \x22three\x22\x5c'],
    ['C1 controls', "a\xc2\x85b", 'a\xc2\x85b'],
    ['UTF-8', "gr${umlaut}n", "gr\x{fc}n"],
    # Of 256 octets three are the mark: the cut is once behind a character and once within one.
    ['too much of it', $umlaut x 200, ("\x{fc}" x 126) . "\x{2026}"],
    ['moved by one octet', 'x' . $umlaut x 200, 'x' . ("\x{fc}" x 126) . "\x{2026}"],
    ['too many controls', "\x01" x 300, qr/^(?:\\x01){63}.{0,3}\x{2026}$/],
);
for (@words) {
    my ($name, $text, $recorded) = @$_;
    my $talk = talk('phone');
    succeeds(turn($talk, 'cr'), 'phone', "$name: a certificate");
    confirmed(confirm($talk, status => 2, text => $text), $name);
    my $detail = (records_of($talk->{options}{transaction}))[-1]{detail};
    ref $recorded ? like($detail =~ s/^$said//r, $recorded, "$name: in the record") : is($detail, $said . $recorded, "$name: in the record");
}

# --- names of signers that are longer than a record has room for ---

for my $begin ('x', 'xx') {
    my $subject = "/CN=$begin" . join '', map { '/OU=' . $umlaut x 60 } 1 .. 6;
    my $name = device("long-$begin", subject => $subject);
    my %whole = (subject => "CN=$name");
    my $talk = talk($name, %whole);
    succeeds(turn($talk, 'cr'), $name, "$name: a signer");
    confirmed(confirm($talk), "$name: confirms");
    my $refused = ask($name, 'cr', %whole, flip => 'body');
    fails($refused, 'badMessageCheck', "$name: nobody in its name");
    for ([$talk->{options}{transaction}, 'certificate', 'what is allowed'], [$refused->{sent}{transaction}, 'unproven', 'what is refused']) {
        my ($transaction, $credential, $what) = @$_;
        my @records;
        ok(wait_until(sub { @records = records_of($transaction); @records > 0 }), "$name: $what is recorded") or next;
        for my $record (@records) {
            is($record->{credential}, $credential, "$name: $what: the credential");
            like($record->{credential_name}, qr/^OU=\x{fc}{60},OU=\x{fc}+.*\x{2026}$/, "$name: $what: its name, cut between characters");
            my $size = length Encode::encode('UTF-8', $record->{credential_name});
            ok($size <= 512 && $size >= 510, "$name: $what: as much as there is room for") or diag $size;
        }
    }
}
