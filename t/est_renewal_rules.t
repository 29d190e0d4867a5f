# What simplereenroll renews (RFC 7030 4.2.2): other names by ChangeSubjectName, certificates of
# other profiles, new keys only, expired certificates where a directive and a profile let them
# be renewed, revoked ones never.
use strict;
use warnings;
use Enroll::Test;
use MIME::Base64 ();

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
my $config = signerd_config();
my $device = $config->{profiles}{device};
my %est = (
    strict => {},
    names => {change_subject => JSON::PP::true()},
    adopting => {from_profiles => ['strict']},
    fresh => {same_key => JSON::PP::false()},
    late => {grace => '1d', from_profiles => ['brief']},
    punctual => {from_profiles => ['brief']},
);
$config->{profiles}{$_} = {%$device, est => {renewal => $est{$_}}} for keys %est;
$config->{profiles}{names}{san} = {dns => ['*.example']};
$config->{profiles}{brief} = {%$device, validity => '1m', backdate => '0s'};
start_signerd($config);
my @labels = (sort keys %est, 'brief');
my $mtls = 'est_auth mtls basic; est_client_certificate %%DIR%%/ca/chain.pem; est_password_file %%DIR%%/passwords;';
my $named = join ' ', map { "est_label $_ $_;" } @labels;
start_nginx((join '', map { "location /.well-known/est/$_/ { est_pass signerd; est_profile $_; $mtls }\n" } @labels) . <<"END", listen => 'ssl http2');
    location /.well-known/est/token/ { est_pass signerd; est_profile strict; est_auth bearer; }
    error_page 495 = \@expired;
    location \@expired { est_pass signerd; est_profile device; $mtls $named est_renew_expired on; }
END

my @demo = (-u => 'demo:secret');
sub url { my ($label, $operation) = @_; return "/.well-known/est/$label/" . ($operation // 'simplereenroll') }

# curl's options for a new certificate of the profile.
sub enrolled {
    my ($label, $name, $subject, @options) = @_;
    my $reply = post(url($label, 'simpleenroll'), slurp(new_csr($name, $subject, @options)), @demo);
    my ($pem) = certificates($reply->{body}) or die $reply->{body};
    write_file("$name.pem", $pem);
    return ('--cert', path("$name.pem"), '--key', path("$name.key"));
}

# Those that are over by the end of the test come first.
my @over = enrolled('brief', 'over', '/CN=over');
my @gone = enrolled('brief', 'gone', '/CN=gone');
my ($serial) = cert_text(read_file('gone.pem'), '-serial') =~ /=(.*)/;
is(signerctl('revoke', lc $serial, qw(--reason cessationOfOperation))->{status}, 0, 'one is revoked');

# --- DER, for an attribute that openssl req cannot write ---

sub tlv {
    my ($tag, @content) = @_;
    my $content = join '', @content;
    my $size = length $content;
    return pack('CC', $tag, $size) . $content if $size < 128;
    return pack('CCC', $tag, 0x81, $size) . $content if $size < 256;
    return pack('CCn', $tag, 0x82, $size) . $content;
}

# (tag, content, rest)
sub element {
    my ($der) = @_;
    my ($tag, $size) = unpack 'CC', $der;
    my $header = 2;
    ($size, $header) = $size == 0x81 ? (unpack('x2C', $der), 3) : (unpack('x2n', $der), 4) if $size > 127;
    return ($tag, substr($der, $header, $size), substr $der, $header + $size);
}

sub elements { my ($content) = @_; my @all; while (length $content) { (my ($tag, $inner), $content) = element($content); push @all, [$tag, $inner] } return @all }

sub name { my ($cn) = @_; return tlv(0x30, tlv(0x31, tlv(0x30, "\x06\x03\x55\x04\x03", tlv(0x0c, $cn)))) }
sub dns { return tlv(0x30, map { tlv(0x82, $_) } @_) }

# The CSR of that name with ChangeSubjectName, signed again.
sub changing {
    my ($name, @fields) = @_;
    my (undef, $csr) = element(must(qw(openssl req -outform DER -in), path("$name.csr")));
    my ($info, $algorithm) = elements($csr);
    my @parts = elements($info->[1]);
    my $attribute = tlv(0x30, "\x06\x08\x2b\x06\x01\x05\x05\x07\x07\x24", tlv(0x31, tlv(0x30, @fields)));
    $parts[3] = [0xa0, ($parts[3] ? $parts[3][1] : '') . $attribute];
    my $signed = tlv(0x30, map { tlv(@$_) } @parts);
    my $signature = must({in => $signed}, qw(openssl dgst -sha256 -sign), path("$name.key"));
    return MIME::Base64::encode_base64(tlv(0x30, $signed, tlv(@$algorithm), tlv(0x03, "\0", $signature)), '');
}

sub renew {
    my ($label, $csr, $status, $name, $text, @options) = @_;
    my $reply = post(url($label), $csr, @options);
    is($reply->{status}, $status, "$name: $status") or diag $reply->{body};
    like($reply->{body}, $text, "$name: the rule") if $text;
    return $reply;
}

# --- names ---

my @san = (-addext => 'subjectAltName=DNS:old.example');
my @strict = enrolled('strict', 'strict', '/CN=old', @san);
my @names = enrolled('names', 'names', '/CN=old', @san);
my $same = read_file('names.csr');

renew('names', $same, 200, 'the same names', undef, @names);
my $reply = renew('names', changing('names', name('new'), dns('new.example', 'more.example')), 200, 'both names', undef, @names);
my ($pem) = certificates($reply->{body});
like(cert_text($pem, '-subject'), qr/CN\s*=\s*new$/m, 'the new subject');
like(cert_text($pem), qr/DNS:new\.example, DNS:more\.example/, 'the new SAN');
unlike(cert_text($pem), qr/old\.example/, 'and not the old one');
($pem) = certificates(renew('names', changing('names', name('new')), 200, 'the subject alone', undef, @names)->{body});
unlike(cert_text($pem), qr/DNS:/, 'without SAN there is none (RFC 6402 2.8)');
renew('names', changing('names', dns('new.example')), 403, 'a SAN alone, where a subject is needed', qr/^profile: subject: empty$/, @names);
renew('names', changing('names', name('new'), dns('new.other')), 403, 'beyond the profile', qr/^profile: san: "dns:new\.other" is not allowed$/, @names);
renew('names', changing('names'), 400, 'neither name', undef, @names);
renew('names', changing('names', dns('a.example'), name('b')), 400, 'in the wrong order', undef, @names);
renew('strict', changing('strict', name('new'), dns('new.example')), 403, 'where it is not allowed',
    qr/^renewal: change_subject: other names are not allowed$/, @strict);

# RFC 7030 4.2.1: who has a certificate of somebody else enrols in the same way.
$reply = post(url('strict', 'simpleenroll'), changing('strict', name('enrolled')), @demo);
is($reply->{status}, 200, 'ChangeSubjectName of an enrolment');
like(cert_text((certificates($reply->{body}))[0], '-subject'), qr/CN\s*=\s*enrolled$/m, 'has its name');

# A token that is bound to a name is bound to the one that is asked for.
for my $case (['old', 403], ['enrolled', 200]) {
    my ($identity, $status) = @$case;
    my $token = signerctl(qw(token create --profile strict --ttl 1h --identity), $identity)->{out} =~ s/\n//r;
    new_csr('tied', '/CN=old');
    $reply = post(url('token', 'simpleenroll'), changing('tied', name('enrolled')), -H => "Authorization: Bearer $token");
    is($reply->{status}, $status, "a token for '$identity', and CN=enrolled in ChangeSubjectName");
}

new_csr('names', '/CN=new', @san);
renew('names', read_file('names.csr'), 403, 'other names in the CSR itself', qr/^renewal: the subject is not that of the certificate/, @names);
renew('names', changing('names', name('new')), 403, 'and beside the attribute', qr/^renewal: the subject is not/, @names);
like(join(' ', map { $_->{subject} // '' } audit_rows()), qr/CN=new/, 'the audit has the new names');

# --- profiles and keys ---

my $csr = read_file('strict.csr');
renew('adopting', $csr, 200, 'of a profile that is named', undef, @strict);
renew('names', $csr, 403, 'of another', qr/^renewal: the certificate is of another profile$/, @strict);

my @fresh = enrolled('fresh', 'fresh', '/CN=fresh');
renew('fresh', read_file('fresh.csr'), 403, 'the same key', qr/^renewal: same_key: a new key is required$/, @fresh);
write_file('keep.key', read_file('fresh.key'));
new_key('other');
renew('fresh', slurp(new_csr('other', '/CN=fresh')), 200, 'a new key', undef, @fresh);
renew('strict', $csr, 200, 'the same key, where it may be', undef, @strict);

# --- not one of ours, whoever signed it ---

new_csr('foreign', '/CN=foreign');
must(qw(openssl x509 -req -days 2 -in), path('foreign.csr'), '-CA', path('ca/issuing.pem'), '-CAkey', path('ca/issuing.key'),
    '-CAcreateserial', '-out', path('foreign.pem'));
my @foreign = ('--cert', path('foreign.pem'), '--key', path('foreign.key'));
renew('strict', read_file('foreign.csr'), 403, 'a certificate that is not in the store', qr/^authentication failed$/, @foreign);
is((audit_rows())[-1]{detail}, 'renewal: the client certificate is not one of ours', 'the audit says why');
is(post(url('strict', 'simpleenroll'), read_file('foreign.csr'), @foreign)->{status}, 200, 'which may enrol');

# --- over ---

my $over = read_file('over.csr');
renew('punctual', $over, 200, 'in time', undef, @over);
renew('late', read_file('gone.csr'), 403, 'revoked', qr/^authentication failed$/, @gone);
like((audit_rows())[-1]{detail}, qr/^the client certificate is revoked/, 'the audit says why');
ok(wait_until(sub { run(qw(openssl x509 -checkend 0 -noout -in), path('gone.pem'))->{status} }, 120), 'time has passed');
sleep 2;

renew('late', $over, 200, 'within the grace', undef, @over);
renew('late', $over, 200, 'with HTTP/2', undef, @over, '--http2');
renew('punctual', $over, 403, 'where there is none', qr/^renewal: the certificate has expired$/, @over);
renew('late', read_file('gone.csr'), 403, 'revoked and over', qr/^authentication failed$/, @gone);
like((audit_rows())[-1]{detail}, qr/^the client certificate is revoked/, 'the audit says why');
for my $operation (qw(simpleenroll csrattrs cacerts)) {
    my @request = $operation eq 'simpleenroll' ? ('--data-binary', '@' . path('over.csr'), -H => 'Content-Type: application/pkcs10') : ();
    my $reply = http(url('late', $operation), @request, @over, @demo);
    is($reply->{status}, 403, "$operation with it, and with a password: 403");
    is($reply->{body}, "with this client certificate there is only renewal\n", "$operation: why");
}
is(post(url('late'), $over, @demo)->{status}, 401, 'a password renews nothing');

# Only its end is forgiven: not who signed it.
new_key('own');
new_csr('own', '/CN=over');
write_file('index', '');
write_file('ca.cnf', "[ca]\ndefault_ca = d\n[d]\ndatabase = " . path('index') . "\nnew_certs_dir = " . path()
    . "\nrand_serial = yes\ndefault_md = sha256\npolicy = p\n[p]\ncommonName = supplied\n");
must(qw(openssl ca -batch -notext -selfsign -config), path('ca.cnf'), '-in', path('own.csr'), '-keyfile', path('own.key'),
    qw(-startdate 20200101000000Z -enddate 20210101000000Z -out), path('own.pem'));
is(post(url('late'), $over, '--cert', path('own.pem'), '--key', path('own.key'))->{status}, 401, 'of nobody, and over');

# Whatever else nginx refuses stays refused.
new_csr('early', '/CN=early');
must(qw(openssl ca -batch -notext -config), path('ca.cnf'), '-in', path('early.csr'), '-cert', path('ca/issuing.pem'), '-keyfile',
    path('ca/issuing.key'), qw(-startdate 20400101000000Z -enddate 20410101000000Z -out), path('early.pem'));
for my $operation (qw(simplereenroll simpleenroll)) {
    my $reply = post(url('late', $operation), read_file('early.csr'), '--cert', path('early.pem'), '--key', path('early.key'), @demo);
    is("$reply->{status} $reply->{body}", "403 the client certificate was refused\n", "$operation with one that is not valid yet");
}

reload_nginx((join '', map { "location /.well-known/est/$_/ { est_pass signerd; est_profile $_; $mtls }\n" } @labels) . <<"END");
    location /.well-known/est/token/ { est_pass signerd; est_profile strict; est_auth bearer; }
    error_page 495 = \@expired;
    location \@expired { est_pass signerd; est_profile device; $mtls $named }
END
ok(wait_until(sub { post(url('late'), $over, @over)->{status} == 401 }), 'without the directive it counts for nothing');

like(nginx_test('location / { est_pass signerd; est_profile device; est_auth none; est_renew_expired on; }')->{err},
    qr/"est_renew_expired" needs "est_auth mtls"/, 'the directive needs certificates');
