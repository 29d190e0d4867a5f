# The site of Enroll::Cmp at /cmp, and the openssl command as its client. Exports Enroll::Test and
# Enroll::Cmp as well.
package Enroll::CmpSite;
use strict;
use warnings;
use Enroll::Cmp;
use Enroll::Test;
use Exporter 'import';

our @EXPORT = (@Enroll::Test::EXPORT, @Enroll::Cmp::EXPORT,
    qw(manual_config cmp_url by_secret by_certificate wants cmp said gets refused issued_by_ca error_log));

# As cmp_config(), with a profile "manual" beside it, in which a human approves.
sub manual_config {
    my $config = cmp_config(@_);
    my $profiles = $config->{profiles};
    $profiles->{manual} = {%{$profiles->{device}}, approval => 'manual', approval_retry => '1s'};
    return $config;
}

sub cmp_url {
    my ($path) = @_;
    return 'http://127.0.0.1:' . port('http') . '/cmp' . ($path // '');
}

# --- arguments of openssl cmp ---

# Whose secret protects the messages.
sub by_secret {
    my ($reference, $secret) = @_;
    return ('-ref', $reference // REFERENCE, '-secret', 'pass:' . ($secret // SECRET), '-untrusted', path('ca/issuing.pem'));
}

# With whose certificate, of path("$name.chain"), and key they are signed.
sub by_certificate {
    my ($name) = @_;
    return ('-cert', path("$name.pem"), '-key', path("$name.key"), '-untrusted',
        path("$name.chain") . ',' . path('ca/issuing.pem'));
}

# A certificate for path("$name.key"), which is made (P-256) when it is missing; it comes to
# path("$name.pem").
sub wants {
    my ($name, $subject) = @_;
    new_key($name) if !-e path("$name.key");
    return ('-newkey', path("$name.key"), '-subject', $subject // "/CN=$name", '-certout', path("$name.pem"));
}

# The command, such as "ir" or "ir/initialization": what stands behind "/cmp" in the path. Then
# more arguments.
sub cmp {
    my ($command, @arguments) = @_;
    my ($name, $path) = $command =~ m{^(\w+)(/.*)?$} or die $command;
    return run(qw(openssl cmp -batch -config), '', '-cmd', $name, '-server', '127.0.0.1:' . port('http'), '-path',
        'cmp' . ($path // ''), qw(-no_proxy 127.0.0.1 -msg_timeout 60 -trusted), path('ca/root.pem'), @arguments);
}

# --- what came of it ---

sub error_log { return read_file('error.log') }

# All that a command has printed.
sub said { my ($result) = @_; return "$result->{out}$result->{err}" }

# Whether path("$name.pem") is a certificate below the CA.
sub issued_by_ca {
    my ($name) = @_;
    my ($root, $issuing) = map { path("ca/$_.pem") } qw(root issuing);
    return -e path("$name.pem")
        && run(qw(openssl verify -CAfile), $root, '-untrusted', $issuing, path("$name.pem"))->{status} == 0;
}

# The client is content, and path("$file.pem") is its certificate.
sub gets {
    my ($result, $file, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ok = $result->{status} == 0 && issued_by_ca($file);
    return ok($ok, $name // $file) || diag said($result), error_log();
}

# The client is told this failInfo.
sub refused {
    my ($result, $fail_info, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ok = $result->{status} != 0 && said($result) =~ /\b\Q$fail_info\E\b/;
    return ok($ok, "$name: $fail_info") || diag said($result), error_log();
}

1;
