# A signerd that does what a test tells it: for what a real one never does.
package Enroll::FakeSigner;
use strict;
use warnings;
use Enroll::Test qw(path start wait_until read_file);
use Exporter 'import';
use IO::Socket::UNIX;
use Time::HiRes qw(sleep);

our @EXPORT = qw(fake_signer frame error_frame seen whole_frame ask_signerd);

use constant {ERROR_REPLY => 1, CA_CERTS_REPLY => 5};

sub field { my ($tag, $value) = @_; return pack('C N', $tag, length $value) . $value }

# A frame as docs/signerd-protocol.md has it.
sub frame {
    my ($kind, $id, @fields) = @_;
    my $rest = pack('C C n', 1, $kind, 0) . $id . join '', map { field(@$_) } @fields;
    return pack('N', length $rest) . $rest;
}

sub error_frame {
    my ($id, $code, $text) = @_;
    return frame(ERROR_REPLY, $id, [1 => pack 'C', $code], [2 => $text]);
}

sub read_exactly {
    my ($socket, $size) = @_;
    my $data = '';
    while (length $data < $size) {
        my $n = sysread $socket, $data, $size - length $data, length $data;
        return if !$n;
    }
    return $data;
}

sub read_request {
    my ($socket) = @_;
    defined(my $length = read_exactly($socket, 4)) or return;
    defined(my $rest = read_exactly($socket, unpack 'N', $length)) or return;
    return {kind => unpack('x C', $rest), id => substr($rest, 4, 8), fields => substr($rest, 12)};
}

sub note_request {
    my ($name) = @_;
    open my $out, '>>', path("$name.seen") or die $!;
    print {$out} "x";
    close $out;
    return;
}

sub serve {
    my ($name, $socket, $behave) = @_;
    while (my $request = read_request($socket)) {
        note_request($name);
        my $more = $behave->($socket, $request);
        return if !$more;
    }
    return;
}

# Listens on path("$name.sock"); behave($socket, $request) answers one request and returns
# whether the connection goes on. Each connection has a process of its own.
sub fake_signer {
    my ($name, $behave) = @_;
    unlink path("$name.sock");
    my $listener = IO::Socket::UNIX->new(Local => path("$name.sock"), Listen => 64) or die $!;
    start($name, sub {
        $SIG{TERM} = sub { POSIX::_exit(0) };
        $SIG{CHLD} = 'IGNORE';
        while (1) {
            my $socket = $listener->accept or next;
            next if fork;
            close $listener;
            serve($name, $socket, $behave);
            POSIX::_exit(0);
        }
    });
    close $listener;
    return;
}

# --- for those that stand between nginx and signerd ---

# A request as it came.
sub whole_frame {
    my ($request) = @_;
    return pack('N C C n', 12 + length $request->{fields}, 1, $request->{kind}, 0)
        . $request->{id} . $request->{fields};
}

# What the real one answers to a whole frame.
sub ask_signerd {
    my ($whole) = @_;
    my $signerd = IO::Socket::UNIX->new(Peer => path('signerd.sock')) or die $!;
    syswrite $signerd, $whole;
    my $answer = '';
    while (length $answer < 4 || length $answer < 4 + unpack 'N', $answer) {
        sysread $signerd, $answer, 65536, length $answer or last;
    }
    return $answer;
}

# How many requests a fake has read.
sub seen { my ($name) = @_; return length read_file("$name.seen") }

1;
