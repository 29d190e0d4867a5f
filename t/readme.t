# What README tells a newcomer to type works, line by line, against the demo.
use strict;
use warnings;
use Enroll::Test;

my $dir = path('run');
my $port = port('https');
start('demo', 'env', "RUN_DIR=$dir", "PORT=$port", 'HTTP_PORT=' . port('http'),
    'BUILD=' . ($ENV{BUILD} || 'build'), "NGINX=$ENV{ENROLL_NGINX}", 'conf/demo/run');
wait_until(sub { read_file('demo.log') =~ /^ready$/m || !alive('demo') });

my $readme = slurp('README.md');
my @commands = grep { m{\brun/|:8443/|:8080/} } map { split /\n/ } $readme =~ /^```sh\n(.*?)^```$/msg;
cmp_ok(scalar @commands, '>=', 20, 'README has its commands');
my @statuses;
for my $command (@commands) {
    my $adapted = $command =~ s{\brun/}{$dir/}gr =~ s{\bbuild/bin/}{$ENV{ENROLL_BIN}/}gr
        =~ s/:8443\b/:$port/gr =~ s/:8080\b/':' . port('http')/egr;
    my $result = run('/bin/sh', '-ec', $adapted);
    is($result->{status}, 0, $command) or diag $result->{out}, $result->{err};
    push @statuses, $result->{out} =~ /renewed\.pem: (\w+)/ if $command =~ /^openssl ocsp/;
}
is("@statuses", 'good revoked', 'OCSP says what was revoked, before and after');

for my $name (qw(device renewed vpn vpn-renewed scep scep-renewed)) {
    is(run('openssl', 'verify', '-CAfile', "$dir/ca.pem", '-untrusted', "$dir/chain.pem",
        "$dir/$name.pem")->{status}, 0, "$name.pem is a certificate of the demo's CA");
}
isnt(cert_text(slurp("$dir/vpn.pem"), '-serial'), cert_text(slurp("$dir/vpn-renewed.pem"), '-serial'),
    'a renewal is another certificate');

my ($head) = $readme =~ /\A((?:.*\n){30})/;
like($head, qr/simpleenroll/, 'the demo stands within the first 30 lines');
