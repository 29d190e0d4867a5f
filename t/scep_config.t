# nginx -t finds what is wrong with a location of SCEP, and says where; and an RA that takes the
# place of another.
use strict;
use warnings;
use Enroll::Forge;
use Enroll::Test;

ca_init();
start_signerd(scep_config());
new_ra('ra');

# --- certificates that are no RA's, made by OpenSSL ---

# Options: genpkey (a list), extensions (text).
sub pair {
    my ($name, %option) = @_;
    new_key($name, @{$option{genpkey} || [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)]});
    must(qw(openssl req -new -key), path("$name.key"), '-subj', "/CN=$name", '-out', path("$name.csr"));
    my $extensions = write_file("$name.ext", ($option{extensions} // 'keyUsage=digitalSignature,keyEncipherment') . "\n");
    must(qw(openssl x509 -req -days 2 -in), path("$name.csr"), '-CA', path('ca/issuing.pem'), '-CAkey', path('ca/issuing.key'),
        '-CAcreateserial', '-extfile', $extensions, '-out', path("$name.pem"));
    chmod 0600, path("$name.key") or die $!;
    return;
}
pair('good');
pair('expired');
write_file('index', '');
write_file('ca.cnf', "[ca]\ndefault_ca = d\n[d]\ndatabase = " . path('index') . "\nnew_certs_dir = " . path()
    . "\nrand_serial = yes\ndefault_md = sha256\npolicy = p\n[p]\ncommonName = supplied\n");
must(qw(openssl ca -batch -notext -config), path('ca.cnf'), '-in', path('expired.csr'), '-cert', path('ca/issuing.pem'), '-keyfile',
    path('ca/issuing.key'), qw(-startdate 20200101000000Z -enddate 20210101000000Z -out), path('expired.pem'));
pair('authority', extensions => 'basicConstraints=CA:TRUE');
pair('small', genpkey => [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:1024)]);
pair('curve', genpkey => [qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)], extensions => 'keyUsage=digitalSignature');
pair('signs', extensions => 'keyUsage=digitalSignature');
pair('opens', extensions => 'keyUsage=keyEncipherment');
pair('useless', extensions => 'keyUsage=cRLSign');
write_file('open.key', read_file('good.key'), 0644);
write_file('group.key', read_file('good.key'), 0660);
write_file('locked.key', must(qw(openssl pkey -aes128 -passout pass:x -in), path('good.key')), 0600);
write_file('writable.pem', read_file('good.pem'), 0666);
write_file('empty.pem', '');
write_file('long', "x" x 256 . "\n", 0600);
write_file('short', "seven77\n", 0600);
write_file('none', "\n\n", 0600);
write_file('shown', "open sesame\n", 0644);

my $pass = 'scep_pass signerd; scep_profile device;';

sub ra {
    my ($certificate, $key) = @_;
    $key //= $certificate;
    return "scep_ra_certificate %%DIR%%/$certificate.pem; scep_ra_certificate_key %%DIR%%/$key.key;";
}
sub tested {
    my ($directives, %option) = @_;
    return nginx_test("location /scep {\n$directives\n}", %option);
}
sub accepted {
    my ($name, $directives, %option) = @_;
    my $result = tested($directives, %option);
    is($result->{status}, 0, $name) or diag $result->{err};
    return;
}
sub refused {
    my ($name, $directives, $message, %option) = @_;
    my $result = tested($directives, %option);
    isnt($result->{status}, 0, "$name: refused");
    like($result->{err}, $message, "$name: the message");
    like($result->{err}, qr/nginx\.conf:\d+/, "$name: file and line");
    return;
}

my $least = "$pass " . ra('ra');
accepted('the least', $least);
accepted('all', <<"END");
$least scep_label lab device; scep_label other device; scep_client_certificate %%DIR%%/ca/chain.pem;
scep_password_file %%DIR%%/secrets; scep_capabilities AES SHA-256 POSTPKIOperation; scep_lightweight on; scep_sha1 on;
scep_des3 on; scep_legacy off; scep_next_ca on; scep_root off; scep_chain on; scep_verify_csr off; scep_audit off;
scep_idempotency_window 1h; scep_retry_after 9s; scep_max_inflight 10;
scep_connect_timeout 1s; scep_send_timeout 1s; scep_read_timeout 1s;
scep_next_upstream off; scep_next_upstream_tries 2; scep_next_upstream_timeout 1s;
END
accepted('two RAs', "$pass " . ra('ra') . ra('good'));
accepted('one that signs and one that opens', "$pass " . ra('signs') . ra('opens'));
accepted('an EC key signs, an RSA key opens', "$pass " . ra('curve') . ra('opens'));
accepted('the RA above the location', $pass, http => ra('ra') =~ s/%%DIR%%/path()/ger);
accepted('the counters', 'scep_status;');
accepted('the counters for Prometheus', 'scep_status prometheus;');

refused('no RA', $pass, qr/"scep_pass" needs "scep_ra_certificate" and/);
refused('no key', "$pass scep_ra_certificate %%DIR%%/ra.pem;", qr/needs .*"scep_ra_certificate_key"/);
refused('one key for two', $least . ' scep_ra_certificate %%DIR%%/good.pem;', qr/not as many "scep_ra_certificate_key"/);
refused('the key of another', "$pass " . ra('ra', 'good'), qr{ra\.pem" cannot be used: the key is not that});
refused('no such certificate', "$pass " . ra('absent', 'ra'), qr{cannot open ".*absent\.pem"});
refused('no such key', "$pass " . ra('ra', 'absent'), qr{cannot open ".*absent\.key"});
refused('an empty certificate', "$pass " . ra('empty', 'ra'), qr{empty\.pem" cannot be used});
refused('a certificate that others may write', "$pass " . ra('writable', 'good'), qr{writable\.pem" .*others may write it});
refused('a key that others may read', "$pass " . ra('good', 'open'), qr{open\.key" .*others may read});
refused('a key that the group may write', "$pass " . ra('good', 'group'), qr{group\.key" .*others may read or write});
refused('a key with a passphrase', "$pass " . ra('good', 'locked'), qr{locked\.key" cannot be used});
refused('an expired RA', "$pass " . ra('expired'), qr{expired\.pem" .*has expired});
refused('the CA as its RA', "$pass scep_ra_certificate %%DIR%%/ca/issuing.pem; scep_ra_certificate_key %%DIR%%/ca/issuing.key;",
    qr{issuing\.pem" .*certificate of a CA});
refused('any CA', "$pass " . ra('authority'), qr{authority\.pem" .*certificate of a CA});
refused('RSA with 1024 bits', "$pass " . ra('small'), qr{small\.pem" .*less than 2048 bits});
refused('an EC key alone', "$pass " . ra('curve'), qr/no valid "scep_ra_certificate" has keyEncipherment and an RSA key/);
refused('nobody who signs', "$pass " . ra('opens'), qr/no valid "scep_ra_certificate" has digitalSignature/);
refused('nobody who opens', "$pass " . ra('signs'), qr/no valid "scep_ra_certificate" has keyEncipherment/);
refused('a certificate that allows nothing', "$pass " . ra('useless'), qr{useless\.pem" .*neither digitalSignature nor});
refused('no profile', 'scep_pass signerd; ' . ra('ra'), qr/"scep_pass" needs "scep_profile"/);
refused('a profile with a long name', 'scep_pass signerd; scep_profile ' . 'x' x 65 . '; ' . ra('ra'), qr/"scep_profile" is too long/);
refused('client certificates where nobody asks for them', $least, qr/"scep_client_certificate" needs "ssl_verify_client/,
    http => 'server { listen 127.0.0.1:%%PORT:other%%; location / { scep_client_certificate %%DIR%%/ca/chain.pem; ' . $least . '} }');
refused('no anchors', "$least scep_client_certificate %%DIR%%/absent;", qr/cannot (?:open|load).*absent/);
refused('a label twice', "$least scep_label lab device; scep_label lab other;", qr/"scep_label" directive names a label that has/);
for my $label (qw(a/b pkiclient.exe cgi-bin a%20b), 'x' x 65) {
    refused("a label \"$label\"", "$least scep_label '$label' device;", qr/"scep_label" directive takes a label/);
}
refused('passwords that others may read', "$least scep_password_file %%DIR%%/shown;", qr{shown" .*others may read});
refused('a password of 7 characters', "$least scep_password_file %%DIR%%/short;", qr{short" .*less than 8});
refused('one of 256', "$least scep_password_file %%DIR%%/long;", qr{long" .*more than 255});
refused('no password', "$least scep_password_file %%DIR%%/none;", qr{none" .*empty});
refused('a capability that is no word', "$least scep_capabilities 'SHA 256';", qr/"scep_capabilities" directive takes words/);
refused('the counters beside it', "$least scep_status;", qr/"scep_status" directive does not go with "scep_pass"/);
refused('another handler', "$least stub_status;", qr/"scep_pass" stands in a location that another directive serves/);
refused('a misspelt directive', "$least scep_dse3 on;", qr/unknown directive "scep_dse3"/);
refused('a flag that is none', "$least scep_des3 yes;", qr/it must be "on" or "off"/);
my %again = (scep_pass => 'signerd', scep_profile => 'device', scep_client_certificate => '%%DIR%%/ca/chain.pem',
    scep_password_file => '%%DIR%%/secrets', scep_capabilities => 'AES', map({ $_ => 'on' } qw(scep_lightweight scep_sha1
    scep_des3 scep_legacy scep_next_ca scep_root scep_chain scep_verify_csr scep_audit)),
    map({ $_ => '1s' } qw(scep_idempotency_window scep_retry_after)), scep_max_inflight => 5);
for my $directive (sort keys %again) {
    my $twice = "$directive $again{$directive};" x ($least =~ /\b$directive / ? 1 : 2);
    refused("$directive twice", "$least $twice", qr/"$directive" directive is duplicate/);
}

# --- an RA takes the place of another ---

sub servers {
    my ($directives) = @_;
    return (http => "server { listen 127.0.0.1:%%PORT:http%%; location /scep { $pass $directives } }\n");
}
sub first_of_ca_certs {
    my ($pem) = certificates(get(scep_url() . '?operation=GetCACert')->{body});
    return cert_text($pem, '-subject');
}
new_ra('next');
start_nginx('', servers(ra('ra')));
client($_) for qw(early late later);
my $early = forge('early');
is(first_of_ca_certs(), cert_text(read_file('ra.pem'), '-subject'), 'GetCACert: the RA');
reload_nginx('', servers(ra('next') . ra('ra')));
ok(wait_until(sub { first_of_ca_certs() eq cert_text(read_file('next.pem'), '-subject') }), 'after a reload the next one');
succeeds(read_reply('early', send_message($early)), 'early', 'sealed for the old one before, signed by it');
succeeds(exchange('late'), 'late', 'sealed for the old one after');
succeeds(exchange('later', ra => path('next.pem'), reply => {ra => path('next.pem')}), 'later', 'for the next one, signed by that');
fails(exchange('late', probe => 'garbage'), 1, 'the old one signs refusals as well');
reload_nginx('', servers(ra('next')));
# A worker of before may still take a connection for a moment.
my $refused;
my $without = sub { ($refused = exchange('late', reply => {ra => path('next.pem')}))->{status} eq '2' };
ok(wait_until($without), 'without the old one');
fails($refused, 1, 'what is sealed for it is refused');

# --- an RA of two certificates, and one of RSA beside a CA with an EC key ---

reload_nginx('', servers(ra('curve') . ra('opens')));
ok(wait_until(sub { first_of_ca_certs() eq cert_text(read_file('opens.pem'), '-subject') }), 'first the one to seal for');
client('two');
my $reply = exchange('two', ra => path('opens.pem'), reply => {ra => path('curve.pem')});
succeeds($reply, 'two', 'one opens, the other signs');
is($reply->{algorithm}, '1.2.840.10045.4.3.2', 'with ECDSA');
like(cert_text(read_file('ca/issuing.pem')), qr/id-ecPublicKey/, 'the CA has an EC key');
