# What docs/recipes-cmp.md and conf/nginx-cmp.conf tell people to write is read by signerd and by
# nginx.
use strict;
use warnings;
use Enroll::Test;

ca_init();

my @recipes = slurp('docs/recipes-cmp.md') =~ /^```(json|nginx)\n(.*?)^```$/msg;
my @text = map { $recipes[2 * $_ + 1] } 0 .. $#recipes / 2;
my @kind = map { $recipes[2 * $_] } 0 .. $#recipes / 2;
my @json = map { JSON::PP::decode_json("{$text[$_]}") } grep { $kind[$_] eq 'json' } 0 .. $#kind;
my @nginx = map { $text[$_] } grep { $kind[$_] eq 'nginx' } 0 .. $#kind;
cmp_ok(scalar @json, '>=', 6, 'recipes for signerd');
cmp_ok(scalar @nginx, '>=', 5, 'recipes for nginx');

# --- signerd.json ---

for my $recipe (@json) {
    my $config = signerd_config();
    $config->{cas}{issuing} = delete $config->{cas}{(keys %{$config->{cas}})[0]};
    $config->{profiles} = $recipe->{profiles};
    $_->{profiles} = '*' for grep { $_->{role} eq 'frontend' } map { @{$_->{peers}} } @{$config->{listen}};
    my $file = write_file('recipe.json', JSON::PP::encode_json($config), 0600);
    my $result = run("$ENV{ENROLL_BIN}/signerd", '-t', '-c', $file);
    is($result->{status}, 0, join ' ', 'signerd.json:', sort keys %{$recipe->{profiles}}) or diag $result->{err};
}

# --- nginx ---

# A certificate for the answers; one that may make keys.
for my $name (qw(cmp keys)) {
    my $csr = new_csr($name, "/CN=$name");
    my $purpose = $name eq 'keys' ? "extendedKeyUsage=1.3.6.1.5.5.7.3.32\n" : '';
    my $extensions = write_file("$name.ext", "keyUsage=digitalSignature\n$purpose");
    must(qw(openssl x509 -req -days 2 -in), $csr, '-CA', path('ca/issuing.pem'), '-CAkey', path('ca/issuing.key'),
        '-CAcreateserial', '-extfile', $extensions, '-out', path("$name.pem"));
    chmod 0600, path("$name.key") or die $!;
}
write_file("$_.pem", slurp(path('ca/issuing.pem'))) for qw(vendors operator stations ras);
write_file('secrets', 'line-7:' . 'ab' x 16 . "\n", 0600);
my $example = slurp('conf/nginx-cmp.conf');
my ($dir, $port) = (path(), port('cmp'));
s{/etc/nginx/cmp/}{$dir/}g for $example, @nginx;
for ($example) {
    s{/run/signerd/}{$dir/}g;
    s{/var/log/nginx/}{$dir/}g;
    s{listen      80;}{listen 127.0.0.1:$port;};
}
my $recipes = $example =~ s/(location = \/cmp_status)/join("\n", @nginx, $1)/er;
for my $case (['the example', $example], ['the example with the recipes', $recipes]) {
    my ($name, $http) = @$case;
    my $result = nginx_test('', http => $http);
    is($result->{status}, 0, "nginx: $name") or diag $result->{err};
}
