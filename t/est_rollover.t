# One CA takes another one's place under a running server: announced, switched by hand, switched
# by the clock. Clients see it in cacerts before anything else changes.
use strict;
use warnings;
use Enroll::Test;
use POSIX ();

ca_init();
sub next_ca { must("$ENV{ENROLL_BIN}/signerctl", qw(ca next --dir), path($_[0]), '--out', path($_[1]), @_[2 .. $#_]) }
next_ca('ca', 'next');
next_ca('next', 'third', '--keep-root');
write_file('anchors.pem', join '', map { read_file("$_/chain.pem") } qw(ca next));

start_signerd();
start_nginx(<<'END');
    location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth none; est_chain on;
    }
    location /.well-known/est/renew/ {
        est_pass signerd; est_profile device; est_auth mtls;
        est_client_certificate %%DIR%%/anchors.pem;
    }
    location /.well-known/est/old/ {
        est_pass signerd; est_profile device; est_auth mtls;
        est_client_certificate %%DIR%%/ca/chain.pem;
    }
END
my $base = '/.well-known/est';

# --- what is asked and answered ---

my %cas = (
    next => {tenant => 'test', certificate => path('next/chain.pem'), key => path('next/issuing.key')},
    third => {tenant => 'test', certificate => path('third/chain.pem'), key => path('third/issuing.key')},
);

# The configuration with successors of "issuing" and, if wanted, of "next".
sub rollover {
    my ($first, $second) = @_;
    my $config = signerd_config();
    $config->{cas}{issuing}{successor} = $first if $first;
    $config->{cas}{next} = {%{$cas{next}}, $second ? (successor => $second) : ()};
    $config->{cas}{third} = $cas{third} if $second;
    return $config;
}

sub generation { return JSON::PP::decode_json(signerctl(qw(--json status))->{out})->{generation} }

sub reloaded {
    my ($config, $what) = @_;
    my $before = generation();
    reload_signerd($config);
    ok(wait_until(sub { generation() > $before }), "$what: reloaded") or diag read_file('signerd.log');
    return;
}

sub subject { return cert_text($_[0], qw(-subject -nameopt RFC2253)) =~ s/^subject=|\n//gr }
sub issuer { return cert_text($_[0], qw(-issuer -nameopt RFC2253)) =~ s/^issuer=|\n//gr }

my ($old, $new, $third) = map { subject(read_file("$_/issuing.pem")) } qw(ca next third);
isnt($old, $new, 'the issuing CAs have different names');

my $count = 0;
sub enrolled {
    my $name = shift // 'device' . ++$count;
    new_csr($name, "/CN=$name") if !-e path("$name.csr");    # else: the same bytes again
    my $reply = post("$base/simpleenroll", read_file("$name.csr"));
    my @certificates = certificates($reply->{body});
    write_file("$name.pem", $certificates[0] // '');
    return @certificates;
}

sub renewed {
    my ($name, $label) = @_;
    new_csr($name, "/CN=$name");
    return post("$base/$label/simplereenroll", read_file("$name.csr"), '--cert', path("$name.pem"),
        '--key', path("$name.key"));
}

# One line of text for a certificate, whatever stands around it in its file.
sub fingerprint { return cert_text($_[0], qw(-fingerprint -sha256)) =~ s/.*=|\n//gr }
sub pems { return slurp(path($_[0])) =~ /(-----BEGIN.*?-----END CERTIFICATE-----\n)/sg }
sub told { return [map { fingerprint($_) } certificates(get("$base/cacerts")->{body})] }
sub files { return [map { fingerprint($_) } map { pems($_) } @_] }

# --- as it was ---

is_deeply(told(), files('ca/chain.pem'), 'one CA: cacerts has its chain');
my ($first) = enrolled('first');
is(issuer($first), $old, 'and its certificates');

# --- announced ---

my %announced = (ca => 'next', cross => path('next/cross.pem'));
my @everything = qw(ca/chain.pem next/chain.pem next/cross.pem);
reloaded(rollover(\%announced), 'announced');
is_deeply(told(), files(@everything), 'cacerts has both chains and the cross certificates');
is(scalar @{told()}, 6, 'six certificates');
my ($leaf, @chain) = enrolled();
is(issuer($leaf), $old, 'the old CA issues');
is_deeply([map { fingerprint($_) } @chain], files('ca/chain.pem'), 'and its chain comes with the certificate');
my ($line) = grep { /^issuing +next +announced$/ } split /\n/, signerctl('status')->{out};
ok($line, 'signerctl status tells it');

my $year = POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime time + 365 * 86400);
reloaded(rollover({%announced, from => $year}), 'a date');
is_deeply(told(), files(@everything), 'nothing changes before that day');
is(issuer((enrolled('before'))[0]), $old, 'the old CA still issues');
my ($state) = grep { $_->{name} eq 'issuing' } @{JSON::PP::decode_json(signerctl(qw(--json status))->{out})->{cas}};
is("$state->{successor} $state->{successor_from}", "next $year", 'signerctl status has the date');

# --- refused ---

my $errors = () = read_file('signerd.log') =~ /signerd: error: /g;
allow_log(qr/signerd: error: /);
reload_signerd(rollover({ca => 'next', cross => path('ca/root.pem')}));
ok(wait_until(sub { (() = read_file('signerd.log') =~ /signerd: error: /g) > $errors }), 'a bad cross certificate');
like(read_file('signerd.log'), qr/cas\.issuing\.successor\.cross: not one root's key/, 'is named');
is_deeply(told(), files(@everything), 'and changes nothing');

# --- switched by hand ---

my $past = POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime time - 60);
reloaded(rollover({%announced, from => $past}), 'switched');
my @after = qw(next/chain.pem ca/chain.pem next/cross.pem);
is_deeply(told(), files(@after), 'cacerts: the new chain first');
($leaf, @chain) = enrolled('after');
is(issuer($leaf), $new, 'the new CA issues');
is_deeply([map { fingerprint($_) } @chain], files('next/chain.pem'), 'and its chain comes with the certificate');

my ($again, @old_chain) = enrolled('first');
is($again, $first, 'a request of before gets its answer of before');
is_deeply([map { fingerprint($_) } @old_chain], files('ca/chain.pem'), 'with the old chain');

# By openssl's rules, for clients that have one of the roots only.
my ($old_with_new, $new_with_old) = pems('next/cross.pem');
write_file('old_with_new.pem', $old_with_new);
write_file('new_with_old.pem', $new_with_old);
for my $case (['ca', 'after', 'next', 'new_with_old'], ['next', 'first', 'ca', 'old_with_new']) {
    my ($root, $certificate, $issuing, $cross) = @$case;
    my $result = run(qw(openssl verify -CAfile), path("$root/root.pem"), '-untrusted', path("$issuing/issuing.pem"),
        '-untrusted', path("$cross.pem"), path("$certificate.pem"));
    is($result->{status}, 0, "root of $root, certificate $certificate: verified with $cross");
}

# --- renewal ---

my $reply = renewed('first', 'renew');
is($reply->{status}, 200, 'renewal with a certificate of the old CA') or diag $reply->{body};
is(issuer((certificates($reply->{body}))[0]), $new, 'gives one of the new CA');
$reply = renewed('after', 'renew');
is($reply->{status}, 200, 'renewal with a certificate of the new CA');
isnt(renewed('after', 'old')->{status}, 200, 'but not where only the old CA is an anchor');
is(renewed('before', 'old')->{status}, 200, 'which the old certificates still pass');

# --- switched by the clock ---

my $soon = POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime time + 2);
reloaded(rollover({%announced, from => 'now'}, {ca => 'third', from => $soon}), 'the one after that');
ok(wait_until(sub { issuer((enrolled())[0]) eq $third }), 'by itself, the third CA issues');
is_deeply(told(), files('third/chain.pem', 'ca/chain.pem', 'next/issuing.pem', 'next/cross.pem'),
    'cacerts: its chain first, nothing twice');

my %issued;
$issued{$_->{ca}}++ for @{JSON::PP::decode_json(signerctl(qw(--json cert list))->{out})->{certificates}};
is(join(' ', sort keys %issued), 'issuing next third', 'each certificate is kept under the CA that issued it');

# --- the old entry gone ---

my $config = signerd_config(cas => {next => $cas{next}});
$config->{profiles}{device}{ca} = 'next';
reloaded($config, 'retired');
is_deeply(told(), files('next/chain.pem'), 'cacerts: nothing of the old CA');
is(issuer((enrolled())[0]), $new, 'the CA that is left issues');
is(signerctl(qw(audit verify))->{status}, 0, 'the audit chain verifies');
