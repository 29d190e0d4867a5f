# Requests that are tied to the TLS connection they come over, by t/tools/est_binding.cpp.
package Enroll::Binding;
use strict;
use warnings;
use Enroll::Test;
use Exporter 'import';
use IPC::Open2;
use MIME::Base64 ();

our @EXPORT = qw(bound_csr binding exchange);

my $tool = ($ENV{BUILD} || 'build') . '/tools/est_binding';

# base64 of DER by path('device.key'), with a challengePassword, which may be none.
sub bound_csr {
    my ($password, $subject) = @_;
    $subject ||= 'CN=device';
    my $attributes = defined $password ? "attributes=a\n[a]\nchallengePassword=$password\n" : '';
    write_file('req.cnf', "[req]\nprompt=no\ndistinguished_name=dn\n$attributes\[dn]\n$subject\n");
    must(qw(openssl req -new -config), path('req.cnf'), '-key', path('device.key'), '-out', path('bound.csr'));
    return MIME::Base64::encode_base64(must(qw(openssl req -outform DER -in), path('bound.csr')), '');
}

# The CSR with the binding of that name.
sub binding { my ($name) = @_; return sub { bound_csr($_[0]{$name}) } }

# The body is what $make gives for {'tls-unique' => …, 'tls-exporter' => …}. (status, answer)
sub exchange {
    my ($path, $make, @options) = @_;
    my $pid = open2(my $from, my $to, $tool, '--port', port('https'), '--ca', path('ca/root.pem'),
        '--path', "/.well-known/est/$path", @options);
    my (%binding, $line);
    while (defined($line = <$from>)) {
        $binding{$1} = $2 if $line =~ /^(\S+) (\S+)$/;
        last if $line =~ /^tls-exporter/;
    }
    print {$to} $make->(\%binding);
    close $to;
    my $answer = join '', <$from>;
    waitpid $pid, 0;
    return ($answer =~ /^status (\d+)\n(.*)/s, $answer);
}

1;
