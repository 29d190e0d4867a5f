# A site that speaks CMP over plain HTTP, and the openssl command as its client: a CA, signerd
# with the profiles "device" and "manual" (a human approves), nginx with a protection certificate
# at /.well-known/cmp. Who may ask: the holder of the secret of "device-1" or "device-2", those
# with a certificate of a vendor's CA or of our own, and an RA. Exports Enroll::Test as well.
package Enroll::CmpSite;
use strict;
use warnings;
use Enroll::Test;
use Exporter 'import';

our @EXPORT = (@Enroll::Test::EXPORT, qw(start_cmp_site cmp_config cmp_nginx cmp_server cmp_url new_signer
    by_secret by_certificate wants cmp cmp_fails issued_by_ca error_log audited is_audited));

our %SECRET = ('device-1' => 'the secret of device-1', 'device-2' => 'the secret of device-2');
our $PATH = '/.well-known/cmp';

# --- certificates of others ---

# path("$name.pem"), its chain behind it, and path("$name.key"), which is made when it is missing.
# Options: ca: "vendor" (default) or path of another pair of .pem and .key; subject; key: as for
# new_key(); extensions: lines for openssl x509, after basicConstraints and the key identifiers.
sub new_signer {
    my ($name, %option) = @_;
    my $ca = $option{ca} || path('vendor');
    new_key($name, @{$option{key} || []}) if !-e path("$name.key");
    my $csr = new_csr($name, $option{subject} || "/O=Vendor/CN=$name");
    my $lines = write_file("$name.ext", join "\n", 'basicConstraints=CA:FALSE', 'subjectKeyIdentifier=hash',
        'authorityKeyIdentifier=keyid', @{$option{extensions} || ['keyUsage=digitalSignature']}, '');
    must(qw(openssl x509 -req -days 2 -in), $csr, '-CA', "$ca.pem", '-CAkey', "$ca.key", '-CAcreateserial',
        '-extfile', $lines, '-out', path("$name.crt"));
    write_file("$name.pem", read_file("$name.crt") . slurp("$ca.pem"));
    return path("$name.pem");
}

sub new_vendor {
    my ($name) = @_;
    new_key($name);
    must(qw(openssl req -x509 -new -days 2 -key), path("$name.key"), '-subj', "/O=Vendor/CN=$name CA", '-out',
        path("$name.pem"));
    return;
}

# --- the server ---

# As signerd_config(), with "cmp" in the profiles, of which members are given.
sub cmp_config {
    my (%cmp) = @_;
    my $config = signerd_config();
    my $profiles = $config->{profiles};
    my ($yes, $no) = (JSON::PP::true(), JSON::PP::false());
    $profiles->{device}{cmp} = {names => 'any', implicit_confirm => $yes, revocation => $yes, ra => $yes, %cmp};
    $profiles->{manual} = {%{$profiles->{device}}, approval => 'manual'};
    return $config;
}

# What the directives below need: anchors, secrets, and what answers are signed with.
sub make_files {
    my ($key) = @_;
    ca_init();
    new_vendor('vendor');
    new_vendor('ra-vendor');
    new_signer('cmp', ca => path('ca/issuing'), subject => '/O=Example/CN=CMP', key => $key,
        extensions => ['keyUsage=digitalSignature', 'extendedKeyUsage=1.3.6.1.5.5.7.3.28,1.3.6.1.5.5.7.3.32']);
    new_signer('ra', ca => path('ra-vendor'), subject => '/O=Example/CN=RA',
        extensions => ['keyUsage=digitalSignature', 'extendedKeyUsage=1.3.6.1.5.5.7.3.28']);
    write_file('anchors.pem', join '', map { read_file($_) } qw(vendor.pem ca/issuing.pem ca/root.pem));
    write_file('cmp.secrets', (join '', map { "$_:$SECRET{$_}\n" } sort keys %SECRET), 0600);
    return;
}

# A server block; the argument is text for it, directives for all locations or locations.
sub cmp_server {
    my ($server) = @_;
    $server //= '';
    return <<"END";
    server {
        listen 127.0.0.1:%%PORT:http%%;
        cmp_certificate %%DIR%%/cmp.pem; cmp_certificate_key %%DIR%%/cmp.key;
        cmp_trusted_certificate %%DIR%%/anchors.pem;
        cmp_ra_certificate %%DIR%%/ra-vendor.pem;
        cmp_secrets %%DIR%%/cmp.secrets;
        $server
        location $PATH { cmp_pass signerd; cmp_profile device; cmp_label manual manual; cmp_label device device; }
        location = /static { return 200 "static\\n"; }
    }
END
}

# Options: server: text for the server block; config: of signerd, default cmp_config(); key: of the
# protection certificate, as for new_key(); http, main, workers: as for start_nginx().
sub start_cmp_site {
    my (%option) = @_;
    make_files($option{key}) if !-e path('cmp.pem');
    start_signerd($option{config} || cmp_config());
    cmp_nginx(\&start_nginx, %option);
    return;
}

# Hands the same configuration to another function of Enroll::Test.
sub cmp_nginx {
    my ($function, %option) = @_;
    return $function->('', (map { $_ => $option{$_} } grep { defined $option{$_} } qw(main workers)),
        http => cmp_server($option{server}) . ($option{http} // ''));
}

sub cmp_url {
    my ($path) = @_;
    return 'http://127.0.0.1:' . port('http') . $PATH . ($path // '');
}

# --- the client: arguments of openssl cmp ---

# Whose secret protects the messages; the second argument is another secret than the right one.
sub by_secret {
    my ($reference, $secret) = @_;
    $reference //= 'device-1';
    return ('-ref', $reference, '-secret', 'pass:' . ($secret // $SECRET{$reference}), '-trusted', path('ca/root.pem'));
}

# With whose certificate and key, path("$name.pem") and path("$name.key"), they are signed.
sub by_certificate {
    my ($name) = @_;
    return ('-cert', path("$name.pem"), '-key', path("$name.key"), '-untrusted', path("$name.pem"), '-trusted',
        path('ca/root.pem'));
}

# A certificate for path("$name.key"), which is made (P-256) when it is missing, in path("$name.pem").
sub wants {
    my ($name, $subject) = @_;
    new_key($name) if !-e path("$name.key");
    return ('-newkey', path("$name.key"), '-subject', $subject // "/CN=$name", '-certout', path("$name.pem"));
}

# The command, such as "ir", and more arguments; "path" => PATH behind /.well-known/cmp comes first.
sub cmp {
    my ($command, @arguments) = @_;
    my $path = '';
    (undef, $path) = splice @arguments, 0, 2 if @arguments && $arguments[0] eq 'path';
    return run(qw(openssl cmp -batch -config), '', '-cmd', $command, '-server', 'http://127.0.0.1:' . port('http'),
        '-path', substr($PATH, 1) . $path, qw(-no_proxy 127.0.0.1 -msg_timeout 30 -verbosity 7), @arguments);
}

# The command is refused with this failInfo.
sub cmp_fails {
    my ($result, $fail_info, $name) = @_;
    my $text = $result->{out} . $result->{err};
    my $found = $result->{status} != 0 && $text =~ /\b\Q$fail_info\E\b/;
    ok($found, $name) or diag $text;
    return;
}

# --- what came of it ---

# Whether a file (PEM) has a certificate below the CA.
sub issued_by_ca {
    my ($name) = @_;
    my ($root, $issuing) = map { path("ca/$_.pem") } qw(root issuing);
    return -e path("$name.pem")
        && run(qw(openssl verify -CAfile), $root, '-untrusted', $issuing, path("$name.pem"))->{status} == 0;
}

sub error_log { return read_file('error.log') }

# Rows of the audit with protocol cmp.
sub audited { return grep { $_->{protocol} eq 'cmp' } audit_rows() }

# The audit has these decisions: 'enroll:allow' => 2. What nginx refuses by itself comes into it a
# moment later.
sub is_audited {
    my (%expected) = @_;
    my %found;
    wait_until(sub {
        %found = ();
        $found{"$_->{operation}:$_->{decision}"}++ for audited();
        return !grep { ($found{$_} // 0) < $expected{$_} } keys %expected;
    });
    is_deeply(\%found, \%expected, 'the audit saw the same');
    return;
}

1;
