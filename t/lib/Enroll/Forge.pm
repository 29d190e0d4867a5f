# A server of SCEP with its RA, clients with keys, and messages that scep_forge makes for them,
# right or wrong.
package Enroll::Forge;
use strict;
use warnings;
use Enroll::Test;
use Exporter 'import';
use MIME::Base64 ();

our @EXPORT = qw(scep_config new_ra start_scep scep_location scep_url client client_csr use_certificate
    forge send_message read_reply exchange fails succeeds certificate_of);

my $tool = ($ENV{BUILD} || 'build') . '/tools/scep_forge';
my $messages = 0;

# --- the server ---

# As signerd_config(), with a static challenge "open sesame" and the members of "scep" given.
sub scep_config {
    my (%scep) = @_;
    my $config = signerd_config(
        challenges => {lab => {type => 'static', file => write_file('secrets', "open sesame\n", 0600)}});
    $config->{profiles}{device}{scep} = {challenges => ['lab'], %scep};
    return $config;
}

# path("$name.pem") and path("$name.key"), from signerd.
sub new_ra {
    my ($name, @options) = @_;
    my $made = signerctl(qw(ra issue --subject), "O=Example,CN=SCEP $name", '--key', path("$name.key"), '--out',
        path("$name.pem"), @options);
    die $made->{err} if $made->{status};
    return;
}

# Locations of a server without TLS, to which scep_url() leads.
sub scep_location {
    my ($path, $directives) = @_;
    return "location $path { scep_pass signerd; scep_profile device; scep_ra_certificate %%DIR%%/ra.pem;"
        . " scep_ra_certificate_key %%DIR%%/ra.key; " . ($directives // '') . " }\n";
}

# signerd, an RA and nginx. Options: config (of signerd); http, server (text); locations.
sub start_scep {
    my (%option) = @_;
    ca_init() if !-d path('ca');
    start_signerd($option{config} || scep_config());
    new_ra('ra') if !-e path('ra.pem');
    start_nginx($option{server} // '', http => http_server(%option));
    return;
}

sub http_server {
    my (%option) = @_;
    my $locations = $option{locations} // scep_location('/scep');
    return ($option{http} // '') . "server { listen 127.0.0.1:%%PORT:http%%; $locations }\n";
}

sub scep_url { my ($path) = @_; return 'http://127.0.0.1:' . port('http') . ($path // '/scep') }

# --- clients ---

# DER of a CSR in path("$name.der"), for the key of $name unless the option key says another.
# Options: subject (of OpenSSL: "/CN=x"), challenge, key, digest.
sub client_csr {
    my ($name, %option) = @_;
    my $attributes = defined $option{challenge}
        ? "attributes = a\n[a]\nchallengePassword = $option{challenge}\n" : '';
    my $subject = ($option{subject} || "/CN=$name") =~ s{/(?=\w+=)}{\n}gr;
    my $conf = write_file("$name.cnf",
        "[req]\nprompt = no\nstring_mask = utf8only\ndistinguished_name = d\n$attributes\[d]$subject\n");
    must(qw(openssl req -new -batch -outform DER -key), path(($option{key} || $name) . '.key'), '-config', $conf,
        '-' . ($option{digest} || 'sha256'), '-out', path("$name.der"));
    return;
}

# A client with an RSA key, a certificate that it made itself and a CSR. Options: those of
# client_csr(), and genpkey, a list of options for its key.
sub client {
    my ($name, %option) = @_;
    new_key($name, @{$option{genpkey} || [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)]});
    must(qw(openssl req -x509 -new -utf8 -days 2 -key), path("$name.key"), '-subj',
        $option{subject} || "/CN=$name", '-out', path("$name.pem"));
    client_csr($name, challenge => 'open sesame', %option);
    return $name;
}

# From now on the client signs with this certificate (PEM).
sub use_certificate {
    my ($name, $pem) = @_;
    write_file("$name.pem", $pem);
    return;
}

# --- messages ---

sub words { my (%option) = @_; return map { "$_=$option{$_}" } sort keys %option }

# What the options of scep_forge say, signed by this client.
sub forge {
    my ($name, %option) = @_;
    return must($tool, 'request', words(
        key => path("$name.key"), cert => path("$name.pem"), ra => path('ra.pem'), content => path("$name.der"),
        transaction => "T-$name", %option));
}

# Options: path, get (true: the message in the query), curl (a list).
sub send_message {
    my ($message, %option) = @_;
    my $url = scep_url($option{path}) . '?operation=PKIOperation';
    my @curl = @{$option{curl} || []};
    return post($url, $message, '-H' => 'Content-Type: application/x-pki-message', @curl) if !$option{get};
    my $base64 = MIME::Base64::encode_base64($message, '') =~ s{([^A-Za-z0-9])}{sprintf '%%%02X', ord $1}ger;
    return http("$url&message=$base64", @curl);
}

# {status, fail_info, text, ...} as scep_forge names them, certificates (PEM) and crls (DER), and
# http, which is the answer of curl. Options: ra, key, cert, password.
sub read_reply {
    my ($name, $http, %option) = @_;
    return {http => $http, status => "HTTP $http->{status}", certificates => [], crls => []} if $http->{status} != 200;
    my $file = write_file('reply' . $messages++, $http->{body});
    my $out = must($tool, 'reply', words(
        message => $file, ra => path('ra.pem'), key => path("$name.key"), cert => path("$name.pem"), %option));
    my %reply = (http => $http, certificates => [], crls => []);
    for (split /\n/, $out) {
        my ($word, $value) = split / /, $_, 2;
        if ($word eq 'certificate') {
            $value =~ s/(.{1,64})/$1\n/g;
            push @{$reply{certificates}}, "-----BEGIN CERTIFICATE-----\n$value-----END CERTIFICATE-----\n";
        } elsif ($word eq 'crl') {
            push @{$reply{crls}}, MIME::Base64::decode_base64($value);
        } else {
            $reply{$word} = $value;
        }
    }
    return \%reply;
}

# All of it. The option "http" is a hash of options of send_message(), "reply" of read_reply().
sub exchange {
    my ($name, %option) = @_;
    my %http = %{delete $option{http} || {}};
    my %reply = %{delete $option{reply} || {}};
    return read_reply($name, send_message(forge($name, %option), %http), %reply);
}

# --- assertions ---

sub show { my ($reply) = @_; return explain {%$reply, http => $reply->{http}{status}} }

sub told { my ($reply) = @_; return join ' ', grep { defined } @$reply{qw(status fail_info)} }

# FAILURE with this failInfo, signed by the RA, and nothing sealed.
sub fails {
    my ($reply, $fail_info, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ok = is(told($reply), "2 $fail_info", "$name: failInfo $fail_info")
        && ($reply->{signed_by_ra} eq 'yes' && !defined $reply->{cipher} || fail("$name: signed, and nothing sealed"));
    diag show($reply) if !$ok;
    return $ok;
}

# SUCCESS, signed by the RA: the certificate, for the key of this name.
sub succeeds {
    my ($reply, $key, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ok = is(told($reply), '0', "$name: SUCCESS")
        && ($reply->{signed_by_ra} eq 'yes' || fail("$name: not signed by the RA"));
    my $pem = $reply->{certificates}[0] // '';
    $ok &&= cert_text($pem, '-pubkey') eq public_key($key) || fail("$name: another key");
    diag show($reply) if !$ok;
    return $pem;
}

sub certificate_of { my ($reply) = @_; return $reply->{certificates}[0] // '' }

1;
