# Tokens with a real signerd: what signerctl makes, lists, revokes and refuses, and what is
# recorded of it.
use strict;
use warnings;
use Enroll::Test;

ca_init();
my $config = signerd_config();
$config->{profiles}{other} = {%{$config->{profiles}{device}}};
start_signerd($config);

sub create {
    my $result = signerctl(qw(token create), @_);
    die $result->{err} if $result->{status};
    return $result->{out} =~ s/\n//r;
}
sub listed { return @{JSON::PP::decode_json(signerctl(qw(--json token list), @_)->{out})->{tokens}} }
sub members { my ($token, @names) = @_; return join ' ', map { ref $token->{$_} eq 'ARRAY' ? "@{$token->{$_}}" : $token->{$_} } @names }

# --- made ---
my $once = create(qw(--once --profile device --identity sensor-7.example.com));
like($once, qr/^[\w-]{32}$/, 'a token');
isnt(create(qw(--once --profile device)), $once, 'each is another one');
my $json = JSON::PP::decode_json(
    signerctl(qw(--json token create --profile device --profile other --ttl 7d --name factory))->{out});
like($json->{token}, qr/^[\w-]{32}$/, 'as JSON');
is(members($json, qw(id state name identity profiles created_by)), '3 good factory  device other operator', 'with what it is');
ok(!$json->{once}, 'and that it is good more than once');
my ($day) = $json->{created} =~ /T(.*)/;
like($json->{expires}, qr/T\Q$day\E$/, 'to the second');

# --- listed ---
my @all = listed();
is(scalar @all, 3, 'all of them');
is(members($all[0], qw(id state identity profiles)), '1 good sensor-7.example.com device', 'the first');
ok($all[0]{once}, 'is good once');
ok(!(grep { exists $_->{token} } @all), 'none is told again');
my $table = signerctl(qw(token list))->{out};
like($table, qr/^ID +STATE +USE +CREATED +EXPIRES +PROFILES +IDENTITY +NAME/, 'a table');
like($table, qr/^3 +good +often .* device,other .* factory/m, 'with each of them');

# --- revoked ---
my $result = signerctl(qw(token revoke 2 3));
is($result->{status}, 0, 'two are revoked');
is(() = $result->{out} =~ /revoked/g, 2, 'and said to be');
is(join(' ', map { $_->{id} } listed()), 1, 'those that are good');
is(join(' ', map { "$_->{id} $_->{state}" } listed('--all')), '1 good 2 revoked 3 revoked', 'all');
ok(exists +(listed('--all'))[1]{revoked}, 'since when');
$result = signerctl(qw(token revoke 9 2 1));
is($result->{status}, 1, 'those that cannot be revoked');
like($result->{err}, qr/token 9: .*no such token: 9; token 2: .*the token is revoked already: 2/, 'are named');
is(scalar listed(), 0, 'and keep the others from nothing');

# --- what signerctl and signerd refuse ---
for my $case (
    [2, qr/an option is missing: --profile/, qw(create --once)],
    [2, qr/without --once an option is missing: --ttl/, qw(create --profile device)],
    [2, qr/not a time/, qw(create --profile device --ttl 1w)],
    [2, qr/value is empty: --identity/, qw(create --once --profile device --identity), ''],
    [2, qr/value is empty: --name/, qw(create --once --profile device --name), ''],
    [2, qr/value is empty: --profile/, qw(create --once --profile), ''],
    [2, qr/not the number of a token/, qw(revoke x)],
    [2, qr/not the number of a token/, qw(revoke 0)],
    [1, qr/no such profile: absent/, qw(create --once --profile device --profile absent)],
) {
    my ($status, $why, @words) = @$case;
    $result = signerctl('token', @words);
    is($result->{status}, $status, "@words: exit status");
    like($result->{err}, $why, "@words: why");
}

# --- recorded, and kept ---
my @rows = grep { $_->{operation} eq 'token' } audit_rows();
my ($made) = @rows;
is("@{$made}{qw(decision profile credential subject peer)}", 'allow device token CN=sensor-7.example.com operator',
    'who made a token, and for what');
like($made->{detail}, qr/^made, SHA-256 $all[0]{sha256}, good once until \S+ for device$/, 'which, and how long');
is((grep { ($_->{detail} // '') eq 'token 3 revoked' } @rows)[0]{credential_name}, 'factory', 'what was revoked');
ok((grep { $_->{decision} eq 'deny' } @rows), 'what was not made');
stop('signerd');
start_signerd($config);
is(join(' ', map { "$_->{id} $_->{state}" } listed('--all')), '1 revoked 2 revoked 3 revoked', 'after a restart');
like(signerctl(qw(audit verify))->{out}, qr/chain intact/, 'the chain is intact');
stop('signerd');
for my $file (grep { -e path($_) } qw(signerd.log signerd.db signerd.db-wal)) {
    my $text = read_file($file);
    is((grep { index($text, $_) >= 0 } $once, $json->{token}), 0, "$file has no token");
}
