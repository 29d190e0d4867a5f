# signerctl request list, approve and deny: what is listed, several at once, and what is refused.
use strict;
use warnings;
use Enroll::Test;

ca_init();
my $config = signerd_config();
my $device = $config->{profiles}{device};
$config->{profiles}{$_} = {%$device, approval => 'manual', approval_lifetime => '3d'} for qw(device router);
start_signerd($config);
start_nginx(<<'END');
    location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }
    location /.well-known/est/router/ { est_pass signerd; est_profile router; est_auth none; }
END

sub ask {
    my ($name, $label) = @_;
    new_csr($name, "/CN=$name") if !-e path("$name.csr");
    return post('/.well-known/est/' . ($label // '') . 'simpleenroll', read_file("$name.csr"))->{status};
}
sub json { return JSON::PP::decode_json($_[0]{out}) }
sub listed { return join ' ', map { "$_->{id}:$_->{state}" } @{json(signerctl(qw(--json request list), @_))->{requests}} }

my $none = signerctl(qw(request list));
is($none->{status}, 0, 'a list of nobody');
unlike($none->{out}, qr/waiting/, 'has nobody');
is(ask("device-$_"), 202, "device-$_ waits") for 1 .. 5;
is(ask('router-1', 'router/'), 202, 'router-1 waits');

my $table = signerctl(qw(request list));
is($table->{status}, 0, 'list');
like($table->{out}, qr/^2 +waiting +20\S+Z +20\S+Z +device +est +127\.0\.0\.1 +CN=device-2$/m, 'for people');
is(listed(), join(' ', map { "$_:waiting" } 1 .. 6), 'all that wait');
is(listed(qw(--profile router)), '6:waiting', 'of one profile');
my $first = json(signerctl(qw(--json request list)))->{requests}[0];
my $public = must(qw(openssl req -noout -pubkey -in), path('device-1.csr'));
write_file('public.pem', $public);
must(qw(openssl pkey -pubin -outform DER -in), path('public.pem'), '-out', path('public.der'));
like(must(qw(openssl dgst -sha256), path('public.der')), qr/\Q$first->{spki_sha256}\E$/m, 'with the hash of its key');
is(json(signerctl(qw(--json status)))->{waiting}, 6, 'status counts them');
like(signerctl('status')->{out}, qr/^Waiting: +6$/m, 'for people too');

my $done = signerctl(qw(request approve 1 2));
is($done->{status}, 0, 'two at once') or diag $done->{err};
like($done->{out}, qr/^1 +issued .*\n2 +issued /m, 'both are issued');
is(ask('device-1'), 200, 'and fetched');
$done = signerctl(qw(--json request deny 3), '--reason=unknown');
is(json($done)->{requests}[0]{reason}, 'unknown', 'denied, with a reason');
is(json($done)->{requests}[0]{decided_by}, 'operator', 'and by whom');
is(ask('device-3'), 403, 'and refused');

$done = signerctl(qw(request approve 3 4 77));
is($done->{status}, 1, 'some cannot be decided');
like($done->{out}, qr/^4 +issued /m, 'which does not keep the others from it');
like($done->{err}, qr/request 3: signerd: the request was denied already: 3; request 77: signerd: no such request: 77/,
    'and why is told');
like(signerctl(qw(request deny 1))->{err}, qr/the request was approved already: 1/, 'no denial afterwards');

is(listed(), '5:waiting 6:waiting', 'those that are left');
is(listed('--all'), '1:issued 2:issued 3:denied 4:issued 5:waiting 6:waiting', 'and all');
is(listed(qw(--all --profile router)), '6:waiting', 'all of one profile');

my $serial = json(signerctl(qw(--json request list --all)))->{requests}[0]{serial};
like(signerctl(qw(cert show), $serial)->{out}, qr/CN=device-1$/m, 'its certificate');
my @allowed = grep { $_->{decision} eq 'allow' } audit_rows();
is($allowed[0]{detail}, 'request 1 approved by operator', 'in the audit log');
is("$allowed[0]{subject} $allowed[0]{client_address} $allowed[0]{peer}", 'CN=device-1 127.0.0.1 operator', 'of whom, by whom');

for my $wrong ([qw(request approve)], [qw(request deny x)], [qw(request approve 0)], [qw(request approve 1 --reason x)],
    [qw(request list 7)], [qw(request)]) {
    is(signerctl(@$wrong)->{status}, 2, "wrong usage: @$wrong");
}
like(signerctl(qw(request deny 5 --reason), 'x' x 257)->{err}, qr/request 5: /, 'a reason that is too long');
is(listed(), '5:waiting 6:waiting', 'decides nothing');
