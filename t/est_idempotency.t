# A retried enrolment never mints twice, and a key never answers with another's certificate.
use strict;
use warnings;
use Enroll::Test;

ca_init();
write_file('passwords', "demo:{PLAIN}secret\nother:{PLAIN}secret\n");
my $config = signerd_config();
$config->{profiles}{second} = {%{$config->{profiles}{device}}};
$config->{profiles}{brief} = {%{$config->{profiles}{device}}, idempotency_window => '2s'};
start_signerd($config);
my $common = 'est_pass signerd; est_auth basic; est_password_file %%DIR%%/passwords;';
start_nginx(<<"END");
    location /.well-known/est/ { $common est_profile device; est_label second second; }
    location /.well-known/est/brief/ { $common est_profile brief; }
    location /.well-known/est/window/ { $common est_profile device; est_idempotency_window 2s; }
END

my @demo = (-u => 'demo:secret');
my @other = (-u => 'other:secret');
new_csr('device', '/CN=device-1');
new_csr('second', '/CN=device-2');
my ($csr, $second) = map { read_file("$_.csr") } qw(device second);

sub serial {
    my ($label, $request, @options) = @_;
    my $reply = post("/.well-known/est/${label}simpleenroll", $request, @options);
    return "status $reply->{status}" if $reply->{status} != 200;
    my ($certificate) = certificates($reply->{body});
    return cert_text($certificate, '-serial') =~ s/serial=(.*)\n/lc $1/er;
}
sub key { my ($key) = @_; return (-H => "Idempotency-Key: $key") }

# One hundred at once, over many connections.
my $url = 'https://localhost:' . port('https') . '/.well-known/est/simpleenroll';
my $storm = path('storm');
mkdir $storm;
my $command = join ' ', 'seq 100 | xargs -P 20 -I@ curl -s -o', "$storm/@", '--cacert', path('ca/root.pem'),
    '-u demo:secret -H "Idempotency-Key: storm" -H Content-Type:application/pkcs10 --data-binary @'. path('device.csr'), $url;
$command =~ s/-I@/-I%/; $command =~ s{\Q$storm/@\E}{$storm/%};
run('sh', '-c', $command);
my %bodies = map { read_file("storm/$_") => 1 } 1 .. 100;
is(scalar keys %bodies, 1, 'one hundred at once: one answer');
my ($stormed) = certificates((keys %bodies)[0]);
ok($stormed, 'which is a certificate');
is(scalar(grep { $_->{decision} eq 'allow' } audit_rows()), 1, 'and one "allow" in the audit');
is(scalar @{JSON::PP::decode_json(signerctl('--json', 'cert', 'list')->{out})->{certificates}}, 1,
    'and one certificate in the store');

is(serial('', $second, @demo, key('storm')), 'status 409', 'the key with another CSR');
my $mine = serial('', $csr, @demo, key('storm'));
is(serial('', $csr, @demo, key('storm')), $mine, 'the key with the same CSR');
isnt(serial('', $csr, @other, key('storm')), $mine, 'the key is scoped by identity');
isnt(serial('second/', $csr, @demo, key('storm')), $mine, 'and by profile');
isnt(serial('', $csr, @demo, key('storm2')), $mine, 'another key is another request');

my $derived = serial('', $second, @demo);
is(serial('', $second, @demo), $derived, 'without a key, the same bytes are a retry');
isnt(serial('', $second, @other), $derived, 'of the same identity');
isnt(serial('', $second, @demo, key('k')), $derived, 'and a written key is not a derived one');

for my $label ('brief/', 'window/') {
    new_csr('window', "/CN=$label");
    my $request = read_file('window.csr');
    my $first = serial($label, $request, @demo);
    is(serial($label, $request, @demo), $first, "$label: inside the window");
    select undef, undef, undef, 3.1;
    my $later = serial($label, $request, @demo);
    like($later, qr/^[0-9a-f]+$/, "$label: after the window a certificate");
    isnt($later, $first, "$label: a new one");
    is(serial($label, $request, @demo), $later, "$label: which is the retry's answer now");
}

for my $bad ('', 'a b', "caf\xc3\xa9", 'k' x 129) {
    is(serial('', $csr, @demo, $bad eq '' ? (-H => 'Idempotency-Key;') : key($bad)), 'status 400',
        'a key that is none: ' . length($bad) . ' bytes');
}
is(serial('', $csr, @demo, key('a'), key('b')), 'status 400', 'two keys');
like(serial('', $csr, @demo, key('k' x 128)), qr/^[0-9a-f]+$/, 'a key of 128 characters');

stop('signerd');
start_signerd($config);
is(serial('', $csr, @demo, key('storm')), $mine, 'a restart forgets nothing');
