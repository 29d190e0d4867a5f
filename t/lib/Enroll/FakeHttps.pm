# A server on loopback that speaks HTTPS with a certificate of path('ca') and answers what a
# test says; each request is a line of JSON in path("$name.requests").
package Enroll::FakeHttps;
use strict;
use warnings;
use Enroll::Test;
use Exporter 'import';
use IO::Socket::SSL;
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(sleep);

our @EXPORT = qw(fake_https requests_to forget_requests https_host);

my $json = JSON::PP->new->canonical;

# As "hosts" of signerd.json has it.
sub https_host { my ($name) = @_; return 'localhost:' . port($name) }

sub certificate {
    my ($name, $dns) = @_;
    my $ca = path('ca');
    my $csr = new_csr($name, '/CN=service');
    my $extensions = write_file("$name.ext", "subjectAltName=DNS:$dns");
    must(qw(openssl x509 -req -days 2 -in), $csr, '-CA', "$ca/issuing.pem", '-CAkey',
        "$ca/issuing.key", '-CAcreateserial', '-extfile', $extensions, '-out', path("$name.crt"));
    return write_file("$name.pem", read_file("$name.crt") . slurp("$ca/issuing.pem"));
}

sub read_request {
    my ($socket) = @_;
    defined(my $line = <$socket>) or return;
    my ($method, $target) = split ' ', $line;
    my %headers;
    while (defined($line = <$socket>) && $line =~ /^([^:]+):\s*(.*?)\r?$/) { $headers{lc $1} = $2 }
    my $body = '';
    read $socket, $body, $headers{'content-length'} if $headers{'content-length'};
    return {method => $method, target => $target, headers => \%headers, body => $body};
}

sub note_request {
    my ($name, $request) = @_;
    open my $out, '>>', path("$name.requests") or die $!;
    syswrite $out, $json->encode($request) . "\n";
    close $out;
    return;
}

sub serve {
    my ($name, $socket, $behave) = @_;
    while (my $request = read_request($socket)) {
        note_request($name, $request);
        my ($status, $body, @headers) = $behave->($request);
        sleep 0.05 while !$status;    # no answer at all
        $body = $json->encode($body) if ref $body;
        print {$socket} join "\r\n", "HTTP/1.1 $status X", 'Content-Type: application/json',
            'Content-Length: ' . length $body, @headers, '', $body;
    }
    return;
}

# behave(request) returns a status, a body (text, or a reference for JSON) and further header
# lines; a false status: it never answers. Options: dns (name in the certificate), options of
# IO::Socket::SSL.
sub fake_https {
    my ($name, $behave, %option) = @_;
    my $chain = certificate($name, delete $option{dns} || 'localhost');
    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => port($name), Listen => 64, ReuseAddr => 1) or die $!;
    start($name, sub {
        # With all of its connections.
        $SIG{TERM} = sub {
            $SIG{TERM} = 'IGNORE';
            kill 'TERM', -$$;
            POSIX::_exit(0);
        };
        $SIG{CHLD} = 'IGNORE';
        while (1) {
            my $socket = $listener->accept or next;
            next if fork;
            $SIG{TERM} = 'DEFAULT';
            close $listener;
            my $secured = IO::Socket::SSL->start_SSL($socket, SSL_server => 1, SSL_cert_file => $chain,
                SSL_key_file => path("$name.key"), %option);
            serve($name, $secured, $behave) if $secured;
            POSIX::_exit(0);
        }
    });
    close $listener;
    return;
}

sub requests_to { my ($name) = @_; return map { $json->decode($_) } split /\n/, read_file("$name.requests") }

sub forget_requests { my ($name) = @_; unlink path("$name.requests"); return }

1;
