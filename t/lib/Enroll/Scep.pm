# Requests of SCEP as nginx hands them to signerd: frames with a CSR that has a challengePassword.
package Enroll::Scep;
use strict;
use warnings;
use Enroll::FakeSigner qw(frame);
use Enroll::Test;
use Exporter 'import';
use IO::Socket::UNIX;

our @EXPORT = qw(scep_csr scep_send scep_answer scep_enrol);

use constant {ISSUE_REQUEST => 2, ISSUE_REPLY => 3, SCEP => 2, ENROLL => 1};

my $csrs = 0;

# DER of a CSR for /CN=$name with this challengePassword.
sub scep_csr {
    my ($name, $password) = @_;
    my $number = ++$csrs;
    new_key('scep') if !-e path('scep.key');
    my $attribute = defined $password ? "attributes = a\n[a]\nchallengePassword = $password\n" : '';
    my $config = write_file("scep$number.cnf",
        "[req]\nprompt = no\nstring_mask = utf8only\ndistinguished_name = d\n$attribute\[d]\nCN = $name\n");
    return must(qw(openssl req -new -batch -outform DER -key), path('scep.key'), '-config', $config);
}

# A connection on which one request was sent. Options: profile, transaction, address.
sub scep_send {
    my ($der, %option) = @_;
    my $socket = IO::Socket::UNIX->new(Peer => path('signerd.sock')) or die "signerd.sock: $!";
    print {$socket} frame(ISSUE_REQUEST, 'scep-req', [1, $option{profile} || 'device'],
        [2, pack 'C', SCEP], [3, pack 'C', ENROLL], [4, $der], [9, $option{address} || '192.0.2.9'],
        [12, $option{transaction} || 'T-1']);
    $socket->flush;
    return $socket;
}

sub fields {
    my ($rest) = @_;
    my %fields;
    while (length $rest) {
        my ($tag, $length) = unpack 'C N', $rest;
        $fields{$tag} = substr $rest, 5, $length;
        substr $rest, 0, 5 + $length, '';
    }
    return %fields;
}

# {certificate} (DER), or {error} (a number of Errc).
sub scep_answer {
    my ($socket) = @_;
    my $read = sub {
        my ($size) = @_;
        my $data = '';
        while (length $data < $size) {
            sysread($socket, $data, $size - length $data, length $data) or die 'no answer from signerd';
        }
        return $data;
    };
    my $frame = $read->(unpack 'N', $read->(4));
    my %fields = fields(substr $frame, 12);
    return {certificate => $fields{1}} if unpack('x C', $frame) == ISSUE_REPLY;
    return {error => unpack('C', $fields{1}), text => $fields{2}};
}

sub scep_enrol { return scep_answer(scep_send(@_)) }

1;
