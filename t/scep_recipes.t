# What docs/recipes-scep.md and conf/nginx-scep.conf tell people to write is read by signerd and
# by nginx.
use strict;
use warnings;
use Enroll::Test;

ca_init();
mkdir path($_) for qw(challenge outside);
write_file("challenge/$_", 'ab' x 32 . "\n", 0600) for qw(2026.key 2027.key factory.secrets);
write_file("outside/$_", 'ab' x 32, 0600) for qw(mdm.secret intune.secret);
must('openssl', 'x509', '-in', path('ca/issuing.pem'), '-out', path('challenge/connector.pem'));

my @recipes = slurp('docs/recipes-scep.md') =~ /^```(json|nginx)\n(.*?)^```$/msg;
my @text = map { $recipes[2 * $_ + 1] } 0 .. $#recipes / 2;
my @kind = map { $recipes[2 * $_] } 0 .. $#recipes / 2;
my @json = map { JSON::PP::decode_json("{$text[$_]}") } grep { $kind[$_] eq 'json' } 0 .. $#kind;
my @nginx = map { $text[$_] } grep { $kind[$_] eq 'nginx' } 0 .. $#kind;
cmp_ok(scalar @json, '>=', 7, 'recipes for signerd');
cmp_ok(scalar @nginx, '>=', 4, 'recipes for nginx');

# --- signerd.json ---

my ($group) = (split ' ', $()[0];
for my $recipe (@json) {
    my $config = signerd_config();
    $config->{cas}{issuing} = delete $config->{cas}{(keys %{$config->{cas}})[0]};
    $config->{challenges} = {%{$json[0]{challenges}}, %{$recipe->{challenges} // {}}};
    $config->{profiles} = {%{$json[0]{profiles}}, %{$recipe->{profiles}}};
    $config->{outside} = $recipe->{outside} if $recipe->{outside};
    $_->{profiles} = '*' for grep { $_->{role} eq 'frontend' } map { @{$_->{peers}} } @{$config->{listen}};
    for my $listen (@{$recipe->{listen} // []}) {
        $listen->{path} = path('legacy.sock');
        $listen->{group} = $group + 0;
        $_->{user} = $< + 0 for @{$listen->{peers}};
        push @{$config->{listen}}, $listen;
    }
    my $file = write_file('recipe.json', JSON::PP::encode_json($config), 0600);
    my $result = run("$ENV{ENROLL_BIN}/signerd", '-t', '-c', $file);
    is($result->{status}, 0, join ' ', 'signerd.json:', sort keys %{$recipe->{profiles}}) or diag $result->{err};
}

# --- nginx ---

start_signerd();
my $made = signerctl(qw(ra issue --subject), 'CN=SCEP RA', '--key', path('ra.key'), '--out', path('ra.pem'));
is($made->{status}, 0, 'an RA') or diag $made->{err};
write_file('passwords', "ab" x 16 . "\n", 0600);
my $example = slurp('conf/nginx-scep.conf');
my ($dir, $port) = (path(), port('scep'));
for ($example) {
    s{/etc/nginx/scep/}{$dir/}g;
    s{/run/signerd/}{$dir/}g;
    s{/var/log/nginx/}{$dir/}g;
    s{listen      80;}{listen 127.0.0.1:$port;};
}
my $recipes = $example =~ s/(location = \/scep_status)/join("\n", @nginx, $1)/er;
for my $case (['the example', $example], ['the example with the recipes', $recipes]) {
    my ($name, $http) = @$case;
    my $result = nginx_test('', http => $http);
    is($result->{status}, 0, "nginx: $name") or diag $result->{err};
}
