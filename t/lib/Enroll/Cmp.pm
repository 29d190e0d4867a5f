# A server of CMP, clients with keys and certificates of their vendor, and messages that cmp_forge
# makes for them, right or wrong.
package Enroll::Cmp;
use strict;
use warnings;
use Enroll::Client;
use Enroll::Test;
use Exporter 'import';
use JSON::PP ();

our @EXPORT = qw(SECRET REFERENCE cmp_config start_cmp cmp_location cmp_server device certify csr_of forge_message post_message
    read_message talk turn ask confirm enrolled random_hex issued_count records_of is_recorded fails succeeds confirmed told);

use constant {SECRET => 'open barley 77', REFERENCE => 'lab-1'};

my $tool = ($ENV{BUILD} || 'build') . '/tools/cmp_forge';
my %clients;
my $messages = 0;

# --- the server ---

# As signerd_config(), with the members of "cmp" given.
sub cmp_config {
    my (%cmp) = @_;
    my $config = signerd_config();
    my $true = JSON::PP::true();
    $config->{profiles}{device}{cmp} = {names => 'any', revocation => $true, ra => $true, %cmp};
    return $config;
}

# CAs of others: path('vendor'), whose certificates may ask, and path('ra-ca'), whose RAs may.
sub make_cas {
    ca_init() if !-d path('ca');
    ca_init('vendor', '--root-name', 'CN=Vendor Root', '--name', 'CN=Vendor CA') if !-d path('vendor');
    ca_init('ra-ca', '--root-name', 'CN=RA Root', '--name', 'CN=RA CA') if !-d path('ra-ca');
    return if -e path('cmp.pem');
    certify('cmp', ca => 'ca', subject => '/O=Example/CN=CMP', extensions => 'keyUsage=critical,digitalSignature');
    write_file('trusted.pem', read_file('ca/root.pem') . read_file('vendor/root.pem'));
    write_file('cmp-secrets', REFERENCE . ':' . SECRET . "\nlab-2:another secret\n", 0600);
    return;
}

sub cmp_location {
    my ($path, $directives, $profile) = @_;
    $profile //= 'device';
    return "location $path { cmp_pass signerd; cmp_profile $profile; cmp_certificate %%DIR%%/cmp.pem;"
        . ' cmp_certificate_key %%DIR%%/cmp.key; cmp_trusted_certificate %%DIR%%/trusted.pem;'
        . ' cmp_ra_certificate %%DIR%%/ra-ca/root.pem; cmp_secrets %%DIR%%/cmp-secrets; ' . ($directives // '') . " }\n";
}

# A server block without TLS; the name is that of its port.
sub cmp_server {
    my ($locations, $port) = @_;
    $port //= 'http';
    return "server { listen 127.0.0.1:%%PORT:$port%%; client_max_body_size 1m; $locations }\n";
}

# signerd and nginx. Options: config (of signerd), locations, http (text).
sub start_cmp {
    my (%option) = @_;
    make_cas();
    start_signerd($option{config} || cmp_config());
    start_nginx('', http => ($option{http} // '') . cmp_server($option{locations} // cmp_location('/cmp')));
    return;
}

# --- clients ---

# path("$name.pem"), a certificate of path($ca), and path("$name.key"). Options: ca; subject (of
# OpenSSL); extensions (lines of its configuration); days; self: it is signed by its own key.
sub certify {
    my ($name, %option) = @_;
    new_csr($name, $option{subject} || "/CN=$name");
    my $extensions = write_file("$name.ext", ($option{extensions} // 'keyUsage=digitalSignature') . "\nsubjectKeyIdentifier=hash\n");
    my $ca = path($option{ca} || 'vendor');
    my @issuer = $option{self} ? ('-signkey', path("$name.key"))
        : ('-CA', "$ca/issuing.pem", '-CAkey', "$ca/issuing.key", '-set_serial', '0x' . random_hex(15));
    must(qw(openssl x509 -req -days), $option{days} // 2, '-in', path("$name.csr"), @issuer, '-extfile', $extensions,
        '-out', path("$name.pem"));
    write_file("$name.chain", read_file("$name.pem") . ($option{self} ? '' : slurp("$ca/issuing.pem")));
    return $name;
}

# A client with a certificate of its vendor. Options: those of certify().
sub device { my ($name, %option) = @_; certify($name, %option); return $name }

# path("$name.der"): a PKCS#10 for the key of $name. Options: subject, key, addext (a list).
sub csr_of {
    my ($name, %option) = @_;
    my @extensions = map { ('-addext', $_) } @{$option{addext} || []};
    must(qw(openssl req -new -utf8 -batch -outform DER -key), path(($option{key} || $name) . '.key'), '-subj',
        $option{subject} || "/CN=$name", @extensions, '-out', path("$name.der"));
    return path("$name.der");
}

sub random_hex {
    my ($size) = @_;
    open my $in, '<:raw', '/dev/urandom' or die $!;
    my $octets;
    sysread $in, $octets, $size;
    return unpack('H*', $octets) =~ s/^../4e/r;
}

# --- messages ---

# What the options of cmp_forge say; those that are undef stay away.
sub forge_message {
    my (%option) = @_;
    return must($tool, 'message', map { "$_=$option{$_}" } grep { defined $option{$_} } sort keys %option);
}

# Options: path, port, headers (a list).
sub post_message {
    my ($message, %option) = @_;
    my $port = $option{port} // 'http';
    my $client = $clients{$port} ||= Enroll::Client->new(plain => $port);
    $client->{path} = $option{path} // '/cmp';
    my @headers = @{$option{headers} || ['Content-Type: application/pkixcmp']};
    my $http = $client->post($message, @headers);
    # A connection that the server has closed meanwhile.
    return $http->{status} ? $http : $client->post($message, @headers);
}

# The members that cmp_forge prints, and http.
sub read_message {
    my ($http, %option) = @_;
    return {http => $http, type => "HTTP $http->{status}"} if $http->{status} != 200;
    my $file = write_file('message' . $messages++, $http->{body});
    my $read = JSON::PP::decode_json(must($tool, 'read', "message=$file",
        map { "$_=$option{$_}" } grep { defined $option{$_} } sort keys %option));
    return {%$read, http => $http};
}

# A transaction of this client. Options: those of cmp_forge for all of its messages; mac (true: by
# the secret, or a hash of options); http (a hash for post_message()).
sub talk {
    my ($name, %option) = @_;
    my %http = %{delete $option{http} || {}};
    my $mac = delete $option{mac};
    my %who = $mac ? (secret => SECRET, reference => REFERENCE, ref $mac ? %$mac : ())
        : (key => path("$name.key"), cert => path("$name.pem"), extra => path("$name.chain"));
    return {name => $name, http => \%http, options => {transaction => random_hex(16), %who,
        new_key => path("$name.key"), csr => path("$name.der"), subject => "CN=$name", %option}};
}

# Sends one more message of a transaction: the answer. Options: those of cmp_forge, and http.
sub turn {
    my ($talk, $type, %option) = @_;
    my %http = (%{$talk->{http}}, %{delete $option{http} || {}});
    csr_of($talk->{name}) if $type eq 'p10cr' && !exists $option{csr} && !-e path("$talk->{name}.der");
    # The first message of a transaction has no nonce to give back.
    my @given_back = $type =~ /^(?:certConf|pollReq|error)$/ ? (recip_nonce => $talk->{server_nonce}) : ();
    my %all = (%{$talk->{options}}, type => $type, nonce => random_hex(16), @given_back, %option);
    my $message = forge_message(%all);
    my $reply = read_message(post_message($message, %http), signers => path('cmp.pem'), secret => $all{secret});
    # An error says nothing about a transaction, so the nonce that counts is that of the answer before.
    $talk->{server_nonce} = $reply->{nonce} if $reply->{nonce} && $reply->{type} ne 'error';
    @$talk{qw(id certificate)} = ($reply->{id}, $reply->{certificate}) if defined $reply->{certificate};
    return {%$reply, sent => \%all, message => $message};
}

# The first message of a transaction.
sub ask {
    my ($name, $type, %option) = @_;
    return turn(talk($name, mac => delete $option{mac}), $type, %option);
}

# certConf for the certificate that has come.
sub confirm {
    my ($talk, %option) = @_;
    my $file = write_file('confirmed' . $messages++, $talk->{certificate} // die 'no certificate came');
    return turn($talk, 'certConf', certificate => $file, id => $talk->{id}, %option);
}

# A client whose certificate from here path("$name.pem") is, in path("$name.chain") too: it asked
# with one of its vendor, and has confirmed.
sub enrolled {
    my ($name, %option) = @_;
    device($name);
    my $talk = talk($name);
    my $reply = turn($talk, 'cr', %option);
    my $pem = succeeds($reply, $name, "$name enrols");
    die "$name has no certificate\n" if !$pem;
    confirmed(confirm($talk), "$name confirms") if !$reply->{implicit};
    write_file("$name.pem", $pem);
    write_file("$name.chain", $pem . slurp(path('ca/issuing.pem')));
    return $pem;
}

# --- what is there afterwards ---

sub issued_count { return scalar @{JSON::PP::decode_json(signerctl(qw(--json cert list --limit 1000))->{out})->{certificates}} }

sub records_of { my ($transaction) = @_; return grep { ($_->{transaction} // '') eq $transaction } audit_rows() }

# The last record of this transaction: its decision, and a pattern for "reason detail".
sub is_recorded {
    my ($transaction, $decision, $pattern, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $record;
    my $found = wait_until(sub { ($record) = grep { $_->{decision} eq $decision } reverse records_of($transaction) });
    return ok(0, "$name: a record") if !$found;
    return like(join(' ', map { $record->{$_} // '' } qw(reason detail)), $pattern, "$name: the cause is in the record")
        || diag explain $record;
}

# --- assertions ---

sub show {
    my ($reply) = @_;
    my %shown = map { $_ => $reply->{$_} } grep { !/^(?:http|message|extra_pems)$/ } keys %$reply;
    return explain \%shown, $reply->{http}{status} == 200 ? '' : $reply->{http}{body};
}

sub told { my ($reply) = @_; return join ' ', grep { defined } @$reply{qw(type status fail_info)} }

# It belongs to the message (RFC 9810 5.1.1), and is protected as that was.
sub belongs {
    my ($reply, $name, %option) = @_;
    my $sent = $reply->{sent};
    my $wrong = '';
    for ([transaction => 'transaction'], [recip_nonce => 'nonce']) {
        my ($got, $of) = ($reply->{$_->[0]}, $sent->{$_->[1]});
        next if ($of // 'none') eq 'none';
        $wrong .= " $_->[0] is " . ($got // 'absent') if lc($got // '') ne lc $of;
    }
    $wrong .= ' a nonce of its own is missing' if length($reply->{nonce} // '') < 32;
    my $by = $option{mac} ? 'mac' : path('cmp.pem');
    $wrong .= " protected: $reply->{protected}" if $reply->{protected} ne $by;
    return ok(!$wrong, "$name: a protected answer to this message") || diag $wrong;
}

# A rejection with this failInfo. Options: mac (it is protected so), type (of the body).
sub fails {
    my ($reply, $fail_info, $name, %option) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ok = is(join(' ', map { $_ // '' } @$reply{qw(status fail_info)}), "2 $fail_info", "$name: $fail_info")
        && belongs($reply, $name, %option);
    $ok &&= is($reply->{type}, $option{type}, "$name: in a message of that type") if $option{type};
    fail("$name: a certificate came"), $ok = 0 if defined $reply->{certificate};
    diag show($reply) if !$ok;
    return $ok;
}

# The certificate, for the key of this name. Options: mac.
sub succeeds {
    my ($reply, $key, $name, %option) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ok = is($reply->{status} // $reply->{type}, 0, "$name: accepted") && belongs($reply, $name, %option);
    my $pem = $reply->{certificate} // '';
    $ok &&= cert_text($pem, '-pubkey') eq public_key($key) || fail("$name: another key");
    diag show($reply) if !$ok;
    return $pem;
}

sub confirmed {
    my ($reply, $name, %option) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ok = is($reply->{type}, 'pkiconf', "$name: pkiconf") && belongs($reply, $name, %option);
    diag show($reply) if !$ok;
    return $ok;
}

1;
