# A client, of EST unless it is told otherwise, that keeps its connection, sends whatever it is
# told and reads the answer: for tests in which many requests are on their way or the server goes
# away. Nothing here dies.
package Enroll::Client;
use strict;
use warnings;
use Enroll::Test qw(path port);
use IO::Socket::INET;
use IO::Socket::SSL;
use MIME::Base64 ();
use Socket qw(SOL_SOCKET SO_RCVTIMEO SO_SNDTIMEO);

# Whoever writes to a server that has gone gets an error, not a signal.
$SIG{PIPE} = 'IGNORE';

# Options: user ("name:password"), path, seconds (to wait for an answer), plain (no TLS, and the
# name of the port).
sub new {
    my ($class, %option) = @_;
    return bless {path => '/.well-known/est/simpleenroll', seconds => 30, %option}, $class;
}

sub socket {
    my ($self) = @_;
    return $self->{socket} ||= do {
        my $socket = $self->{plain} ? plain_socket($self->{plain}) : IO::Socket::SSL->new(
            PeerAddr => '127.0.0.1', PeerPort => port('https'), Timeout => 10,
            SSL_ca_file => path('ca/root.pem'), SSL_verifycn_name => 'localhost',
            SSL_verifycn_scheme => 'http');
        my $patience = pack 'l! l!', $self->{seconds}, 0;
        setsockopt $socket, SOL_SOCKET, $_, $patience for $socket ? (SO_RCVTIMEO, SO_SNDTIMEO) : ();
        $socket;
    };
}

sub plain_socket {
    my ($port) = @_;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => port($port), Timeout => 10);
}

sub close {
    my ($self) = @_;
    my $socket = delete $self->{socket};
    $socket->close($self->{plain} ? () : (SSL_fast_shutdown => 1)) if $socket;
    $self->{unread} = '';
    return;
}

# The text of a POST. Headers: "Name: value".
sub request {
    my ($self, $body, @headers) = @_;
    push @headers, 'Authorization: Basic ' . MIME::Base64::encode_base64($self->{user}, '')
        if $self->{user};
    push @headers, 'Content-Type: application/pkcs10' if !grep { /^content-type:/i } @headers;
    return join "\r\n", "POST $self->{path} HTTP/1.1", 'Host: localhost', @headers,
        'Content-Length: ' . length $body, '', $body;
}

# False when there is no connection any more.
sub send {
    my ($self, $text) = @_;
    my $socket = $self->socket or return 0;
    my $sent = 0;
    while ($sent < length $text) {
        my $n = syswrite $socket, $text, length($text) - $sent, $sent;
        if (!$n) {
            $self->close;
            return 0;
        }
        $sent += $n;
    }
    return 1;
}

sub read_until {
    my ($self, $enough) = @_;
    $self->{unread} //= '';
    until ($enough->()) {
        sysread($self->{socket}, $self->{unread}, 65536, length $self->{unread}) or return 0;
    }
    return 1;
}

# {status, headers (names in lower case), body}; status 0: none came.
sub receive {
    my ($self) = @_;
    my $none = {status => 0, headers => {}, body => ''};
    my $whole = $self->{socket}
        && $self->read_until(sub { index($self->{unread}, "\r\n\r\n") >= 0 });
    my $size = $whole ? index($self->{unread}, "\r\n\r\n") + 4 : 0;
    $size += $1 if $whole && substr($self->{unread}, 0, $size) =~ /^content-length:\s*(\d+)/im;
    if (!$whole || !$self->read_until(sub { length $self->{unread} >= $size })) {
        $self->close;
        return $none;
    }
    my ($head, $body) = split /\r\n\r\n/, substr($self->{unread}, 0, $size, ''), 2;
    my %headers = map { /^([^:]+):\s*(.*)$/ ? (lc $1, $2) : () } split /\r\n/, $head;
    my ($status) = $head =~ m{^HTTP/1\.\d (\d+)};
    $self->close if ($headers{connection} // '') eq 'close';
    return {status => $status // 0, headers => \%headers, body => $body};
}

sub post {
    my ($self, $body, @headers) = @_;
    $self->send($self->request($body, @headers));
    return $self->receive;
}

# --- the certificate in an answer, without a process for each ---

# (content, where it ends) of the DER element at an offset.
sub element {
    my ($der, $at) = @_;
    my $length = ord substr $der, $at + 1, 1;
    my $start = $at + 2;
    if ($length & 0x80) {
        my $octets = $length & 0x7f;
        $length = hex unpack 'H*', substr $der, $start, $octets;
        $start += $octets;
    }
    return (substr($der, $start, $length), $start + $length);
}

# The serial of the first certificate of a certs-only CMS in base64, as signerctl writes it.
sub serial {
    my ($body) = @_;
    my $der = MIME::Base64::decode_base64($body);
    my ($content) = element($der, 0);                     # ContentInfo
    my ($explicit) = element($content, (element($content, 0))[1]);
    my ($signed) = element($explicit, 0);                 # SignedData
    my $at = 0;
    $at = (element($signed, $at))[1] for 1 .. 3;          # version, digests, content
    my ($certificates) = element($signed, $at);
    my ($certificate) = element($certificates, 0);
    my ($tbs) = element($certificate, 0);
    my ($serial) = element($tbs, (element($tbs, 0))[1]);  # behind the version
    return unpack('H*', $serial) =~ s/^00//r;
}

1;
