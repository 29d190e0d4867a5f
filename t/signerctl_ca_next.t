# signerctl ca next: clients that trust one root only come to the other one, by openssl's rules;
# signerd takes what it makes; no file is ever overwritten.
use strict;
use warnings;
use Enroll::Test;

sub ctl { return run("$ENV{ENROLL_BIN}/signerctl", @_) }
sub next_ca { my ($dir, $out, @options) = @_; return ctl(qw(ca next --dir), $dir, '--out', $out, @options) }
sub mode { my ($file) = @_; return sprintf '%04o', (stat $file)[2] & 07777 }

sub refused {
    my ($result, $reason, $what) = @_;
    is($result->{status}, 1, "$what: exit status");
    like($result->{err}, qr/^signerctl: .*$reason/, "$what: reason");
    return;
}

# Does a client with this root, which gets these certificates, take the certificate?
sub verified {
    my ($root, $certificate, @untrusted) = @_;
    my $result = run(qw(openssl verify -x509_strict -no-CApath -CAfile), $root,
        (map { (-untrusted => $_) } @untrusted), $certificate);
    return $result->{status} == 0;
}

sub leaf {
    my ($dir, $name) = @_;
    my $file = path("$name.pem");
    must(qw(openssl x509 -req -days 2 -in), new_csr($name, "/CN=$name"), '-CA', "$dir/issuing.pem",
        '-CAkey', "$dir/issuing.key", '-CAcreateserial', '-out', $file, '-extfile',
        write_file('leaf.ext', "basicConstraints=CA:FALSE\nauthorityKeyIdentifier=keyid\n" .
                "subjectKeyIdentifier=hash\nkeyUsage=digitalSignature\n"));
    return $file;
}

# A PEM file for each certificate of one.
sub split_pem {
    my ($file, @names) = @_;
    my @pems = slurp($file) =~ /(-----BEGIN.*?-----END CERTIFICATE-----\n)/sg;
    is(scalar @pems, scalar @names, "$file has " . @names);
    return map { write_file($names[$_], $pems[$_]) } 0 .. $#names;
}

sub subject { my ($file) = @_; return cert_text(slurp($file), qw(-subject -nameopt RFC2253)) =~ s/^subject=|\n//gr }

# --- a new root ---

for my $key ('ec:P-256', 'rsa:2048', 'ed25519') {
    my ($old, $new) = map { path("$key-$_") } qw(old new);
    ca_init("$key-old", '--key', $key, '--root-name', 'C=DE,O=Ex,CN=Root', '--name', 'O=Ex,CN=Issuing');
    is(next_ca($old, $new)->{status}, 0, "$key: made");
    is(mode("$new/$_.key"), '0600', "$key: $_.key is private") for qw(root issuing);
    is(mode($new), '0700', "$key: folder is private");
    is(subject("$new/root.pem"), subject("$old/root.pem"), "$key: the root keeps its name");
    is(subject("$new/issuing.pem"), 'CN=Issuing G2,O=Ex', "$key: the issuing CA has the next one");
    isnt(cert_text(slurp("$new/root.pem"), '-pubkey'), cert_text(slurp("$old/root.pem"), '-pubkey'),
        "$key: new key of the root");
    is(slurp("$new/chain.pem"), slurp("$new/issuing.pem") . slurp("$new/root.pem"), "$key: chain");
    for my $kind (qw(root issuing)) {
        my ($before, $after) = map { cert_text(slurp("$_/$kind.pem")) =~ /(Public Key Algorithm: \S+)/ } $old, $new;
        is($after, $before, "$key: $kind key of the same kind");
    }

    my ($old_with_new, $new_with_old) = split_pem("$new/cross.pem", 'owN.pem', 'nwO.pem');
    my ($before, $after) = (leaf($old, 'before'), leaf($new, 'after'));
    ok(verified("$new/root.pem", $after, "$new/issuing.pem"), "$key: new CA, new root");
    ok(!verified("$old/root.pem", $after, "$new/chain.pem"), "$key: new CA, old root: not without help");
    ok(verified("$old/root.pem", $after, "$new/issuing.pem", $new_with_old), "$key: but with NewWithOld");
    ok(!verified("$old/root.pem", $after, "$new/issuing.pem", $old_with_new), "$key: not with OldWithNew");
    ok(!verified("$new/root.pem", $before, "$old/chain.pem"), "$key: old CA, new root: not without help");
    ok(verified("$new/root.pem", $before, "$old/issuing.pem", $old_with_new), "$key: but with OldWithNew");
    ok(!verified("$new/root.pem", $before, "$old/issuing.pem", $new_with_old), "$key: not with NewWithOld");
    my @dates = qw(-startdate -enddate);
    is(cert_text(slurp($old_with_new), @dates), cert_text(slurp("$old/root.pem"), @dates),
        "$key: OldWithNew is valid as long as the old root");
    is(cert_text(slurp($new_with_old), '-startdate'), cert_text(slurp("$new/root.pem"), '-startdate'),
        "$key: NewWithOld begins with the new root");
    is(cert_text(slurp($new_with_old), '-enddate'), cert_text(slurp("$old/root.pem"), '-enddate'),
        "$key: and ends with the old one");
}

# --- what signerd gets ---

my ($old, $new) = map { path("ec:P-256-$_") } qw(old new);
my $third = next_ca($new, path('third'), '--json');
my $told = JSON::PP::decode_json($third->{out});
is_deeply($told->{files}, [map { path("third/$_") } qw(root.key root.pem issuing.key issuing.pem chain.pem cross.pem)],
    'JSON tells the files');
is($told->{certificates}[1]{subject}, 'CN=Issuing G3,O=Ex', 'and the subjects');
my $snippet = $told->{signerd_json}{cas};
is_deeply($snippet->{OLD}, {successor => {ca => 'NEW', cross => path('third/cross.pem')}}, 'and what the old CA gets');

sub tested {
    my ($cas) = @_;
    my $file = write_file('tested.json', JSON::PP::encode_json(signerd_config(cas => $cas)));
    return run("$ENV{ENROLL_BIN}/signerd", '-t', '-c', $file);
}
my %issuing = (tenant => 'test', certificate => "$new/chain.pem", key => "file:$new/issuing.key", %{$snippet->{OLD}});
my $checked = tested({issuing => \%issuing, NEW => {%{$snippet->{NEW}}, tenant => 'test'}});
is($checked->{status}, 0, 'signerd takes it') or diag $checked->{err};
$issuing{successor} = {ca => 'NEW', cross => "$new/cross.pem"};
$checked = tested({issuing => \%issuing, NEW => {%{$snippet->{NEW}}, tenant => 'test'}});
isnt($checked->{status}, 0, 'but not the cross certificates of another rollover');
like($checked->{err}, qr/cas\.issuing\.successor\.cross: not one root's key/, 'by name');

my ($text) = next_ca($old, path('text'))->{out} =~ /^For signerd\.json.*?\n\n(\{.*)/ms;
is(JSON::PP::decode_json($text)->{cas}{NEW}{key}, 'file:' . path('text/issuing.key'), 'text has the same JSON');

# --- options ---

is(next_ca($old, path('named'), '--name', 'CN=Other', '--root-name', 'CN=Other Root', qw(--key ec:P-384 --days 9
        --root-days 7301))->{status}, 0, 'names, key and days');
is(subject(path('named/issuing.pem')), 'CN=Other', 'name of the issuing CA');
is(subject(path('named/root.pem')), 'CN=Other Root', 'name of the root');
like(cert_text(read_file("named/$_.pem")), qr/secp384r1/, "key of $_") for qw(root issuing);
is(run({in => read_file('named/issuing.pem')}, qw(openssl x509 -noout -checkend), 9 * 86400 + 60)->{status}, 1, 'days');
my ($cross_old, $cross_new) = split_pem(path('named/cross.pem'), 'cross_old.pem', 'cross_new.pem');
ok(verified("$old/root.pem", leaf(path('named'), 'renamed'), path('named/issuing.pem'), $cross_new),
    'a root of another name is reached too');

is(next_ca($old, path('kept'), '--keep-root')->{status}, 0, 'old root kept');
is_deeply([glob path('kept/*')], [map { path("kept/$_") } qw(chain.pem issuing.key issuing.pem)], 'no cross certificates');
ok(verified("$old/root.pem", leaf(path('kept'), 'kept'), path('kept/issuing.pem')), 'below the old root');
is(read_file('kept/chain.pem'), read_file('kept/issuing.pem') . slurp("$old/root.pem"), 'and that in the chain');

# --- the root elsewhere ---

mkdir path('public');
write_file('public/issuing.pem', slurp("$old/issuing.pem"));
is(next_ca(path('public'), path('request'), '--offline-root')->{status}, 0, 'a request');
is_deeply([glob path('request/*')], [map { path("request/issuing.$_") } qw(csr key)], 'key and request alone');
like(run(qw(openssl req -noout -verify -subject -in), path('request/issuing.csr'))->{out},
    qr/CN = Issuing G2$/m, 'with the next name');
must(qw(openssl x509 -req -days 5 -in), path('request/issuing.csr'), '-CA', "$old/root.pem", '-CAkey', "$old/root.key",
    '-CAcreateserial', '-out', path('signed.pem'), '-extfile',
    write_file('ca.ext', "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n"));
is(ctl(qw(ca import --dir), path('request'), '--certificate', path('signed.pem'), '--chain', "$old/root.pem")->{status},
    0, 'ca import takes its certificate');

# --- nothing is overwritten, nothing half made ---

my %before = map { $_ => slurp($_) } glob "$new/*";
refused(next_ca($old, $new), qr{\Q$new\E/root\.key: File exists}, 'second time');
refused(next_ca($old, $new, '--keep-root'), qr{issuing\.key: File exists}, 'second time, old root kept');
refused(next_ca($old, $old, '--offline-root'), qr{issuing\.key: File exists}, 'into its own folder');
is_deeply({map { $_ => slurp($_) } glob "$new/*"}, \%before, 'files are as they were');
refused(next_ca(path('public'), path('x')), qr{root\.pem: No such file}, 'no root');
refused(next_ca(path('none'), path('x')), qr{No such file}, 'no CA');
refused(next_ca($old, path('x'), qw(--root-days 7000)), qr/would end before the old one/, 'root ends too soon');
refused(next_ca($old, path('x'), qw(--keep-root --days 7301)), qr/outlive its root/, 'issuing CA ends too late');
refused(next_ca($old, path('x'), '--name', 'O=Ex,CN=Issuing'), qr/the old issuing CA has this name/, 'no name of its own');
mkdir path('mixed');
write_file("mixed/$_", slurp("$old/$_")) for qw(root.pem issuing.pem);
write_file('mixed/root.key', slurp("$new/root.key"));
refused(next_ca(path('mixed'), path('x')), qr/for another key/, 'key of another root');
ok(!-e path('x'), 'what fails makes no folder');

for my $words (['--keep-root', '--offline-root'], ['--keep-root', '--root-name', 'CN=a'], ['--keep-root', '--root-days', 9],
    ['--offline-root', '--root-name', 'CN=a'], ['--offline-root', '--days', 9]) {
    is(next_ca($old, path('x'), @$words)->{status}, 2, "wrong usage: @$words");
}
