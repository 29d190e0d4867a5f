# make run: what it prints works when pasted, it stops as a whole, and it keeps its CA.
use strict;
use warnings;
use Enroll::Test;

my $dir = path('a demo');    # a space, to see that what is printed is quoted
my @demo = ('env', "RUN_DIR=$dir", 'PORT=' . port('https'), 'HTTP_PORT=' . port('http'),
    'BUILD=' . ($ENV{BUILD} || 'build'), "NGINX=$ENV{ENROLL_NGINX}", 'conf/demo/run');

sub start_demo {
    write_file('demo.log', '');
    start('demo', @demo);
    wait_until(sub { read_file('demo.log') =~ /^ready$/m || !alive('demo') });
    return read_file('demo.log');
}

# Everything that the demo has started names its folder.
sub left { return grep { /\Q$dir/ } map { slurp($_) =~ tr/\0/ /r } glob '/proc/[0-9]*/cmdline' }

my $printed = start_demo();
like($printed, qr/\nready\n\z/, 'ready') or diag slurp("$dir/signerd.log"), slurp("$dir/error.log");
ok(left() >= 3, 'signerd, its key child and nginx are processes of their own');

my @examples = $printed =~ /^((?:openssl|\(cd) .*?\n)\n/msg;
is(scalar @examples, 3, 'three commands are printed');
my $result;
for my $case (['EST', 'device.pem', 'device-1'], ['CMP', 'cmp-device.pem', 'device-2'],
    ['the API of devices', 'small-device.pem', 'device-3']) {
    my ($protocol, $file, $name) = @$case;
    $result = run('/bin/sh', '-c', shift @examples);
    is($result->{status}, 0, "$protocol: the printed command works") or diag $result->{out}, $result->{err};
    my $pem = slurp("$dir/$file");
    like(cert_text($pem, '-subject'), qr/CN ?= ?$name/, "$protocol: it enrols");
    is(run({in => $pem}, qw(openssl verify -CAfile), "$dir/ca.pem", '-untrusted',
        "$dir/chain.pem")->{status}, 0, "$protocol: the certificate chains to ca.pem");
}

my $credentials = slurp("$dir/credentials.json");
is($credentials =~ tr/\n//, 1, 'credentials: one line');
like($credentials, qr/"est_user": "demo".*"est_password": "\w+"/, 'credentials of EST');
like($credentials, qr/"cmp_reference": "demo", "cmp_secret": "\w+"/, 'credentials of CMP');
like($credentials, qr/"bootstrap_token": "[\w-]{32}"/, 'a token');
is((stat "$dir/credentials.json")[2] & 0777, 0600, 'credentials: nobody else reads them');
like(run("$dir/signerctl", qw(--json audit list))->{out}, qr/CN=device-1/, 'signerctl');
is(http('http://localhost:' . port('http') . '/')->{status}, 200, 'the plain port answers');
like(http('http://localhost:' . port('http') . '/est_status')->{body}, qr/"issued": ?1\b/, 'and counts');

my $ca = slurp("$dir/ca.pem");
my @second = map { s/^RUN_DIR=.*/"RUN_DIR=" . path('second')/er } @demo;
$result = run(@second);
isnt($result->{status}, 0, 'a port that is in use: refused');
like($result->{err}, qr/port \d+ is in use; choose another with PORT=/, 'and named');

ok(stop('demo'), 'SIGTERM ends it');
is(join("\n", left()), '', 'and leaves no process');

like(start_demo(), qr/\nready\n\z/, 'a second start');
isnt(slurp("$dir/credentials.json"), $credentials, 'has another token');
is(slurp("$dir/ca.pem"), $ca, 'keeps the CA');
like(run("$dir/signerctl", qw(--json audit list))->{out}, qr/CN=device-1/, 'and the records');

my ($nginx) = slurp("$dir/nginx.pid") =~ /(\d+)/;
kill 'TERM', $nginx;
is(wait_end('demo'), 1, 'without nginx it ends');
is(join("\n", left()), '', 'and takes signerd with it');
like(read_file('demo.log'), qr/nginx has ended/, 'and says why');

start_demo();
my $demo = pid_of('demo');
my ($signerd) = map { /^(\d+) \(signerd\) \w $demo / ? $1 : () } map { slurp($_) }
    glob '/proc/[0-9]*/stat';
kill 'KILL', $signerd;
is(wait_end('demo'), 1, 'without signerd it ends');
is(join("\n", left()), '', 'and takes nginx with it');
