# Challenges with a real signerd: signerctl makes one, a client enrols with it once, a reload
# rotates keys and secrets, and the audit log has all of that but no challenge.
use strict;
use warnings;
use Enroll::FakeSigner qw(frame);
use Enroll::Test;

use constant {ISSUE => 2, SCEP => "\2", ENROLL => "\1", CERTIFICATE => 3};

sub secret_file {
    my ($name, $text) = @_;
    my $file = write_file($name, $text);
    chmod 0600, $file;
    return $file;
}

my %key = map { $_ => secret_file("$_.key", "$_-" . 'k' x 32 . "\n") } qw(one two);
my $secrets = secret_file('secrets', "the first secret\n");
sub challenges {
    my (@ids) = @_;
    return {
        mdm => {type => 'hmac', version_1 => JSON::PP::true(),
            keys => [map { +{id => $_, file => $key{$_}} } @ids]},
        factory => {type => 'static', file => $secrets}};
}

ca_init();
my $config = signerd_config(challenges => challenges('one'));
$config->{profiles}{device}{scep} = {challenges => ['mdm', 'factory']};
$config->{profiles}{other} = {%{$config->{profiles}{device}}};
$config->{profiles}{plain} = {%{$config->{profiles}{device}}, scep => {challenges => ['factory']}};
start_signerd($config);

my $transactions = 0;

# openssl takes no attributes beside -subj.
sub challenge_csr {
    my ($name, $challenge) = @_;
    write_file("$name.conf", "[req]\nprompt = no\ndistinguished_name = dn\nattributes = at\n"
        . "[dn]\nCN = $name\n[at]\nchallengePassword = $challenge\n");
    new_key($name);
    must(qw(openssl req -new -config), path("$name.conf"), '-key', path("$name.key"),
        '-out', path("$name.csr"));
    return;
}

# "issued" and the certificate, or the text of the error.
sub enrol {
    my ($challenge, %with) = @_;
    my $name = $with{name} // 'device-' . ++$transactions;
    my $transaction = $with{transaction} // "t-$name";
    challenge_csr($name, $challenge) if !-e path("$name.csr");
    my $frontend = IO::Socket::UNIX->new(Peer => path('signerd.sock')) or die $!;
    syswrite $frontend, frame(ISSUE, 'request.', [1, $with{profile} // 'device'], [2, SCEP], [3, ENROLL],
        [4, must(qw(openssl req -outform DER -in), path("$name.csr"))], [9, '192.0.2.9'],
        [10, $transaction], [12, $transaction]);
    sysread $frontend, my $length, 4;
    my ($answer, $size) = ('', unpack 'N', $length);
    while (length $answer < $size) {
        sysread $frontend, $answer, $size - length $answer, length $answer or die 'cut off';
    }
    my ($kind, $certificate) = unpack 'x C x11 N/a', $answer;
    return $kind == CERTIFICATE ? 'issued ' . unpack('H*', $certificate) : $answer =~ s/^.*\x02\0\0\0.//sr;
}

sub create {
    my $result = signerctl(qw(challenge create), @_);
    die $result->{err} if $result->{status};
    return $result->{out} =~ s/\n//r;
}
sub log_matches { my ($regex) = @_; return wait_until(sub { read_file('signerd.log') =~ $regex }) }

# --- made, used, used up ---
my $token = create(qw(--profile device));
like($token, qr/^v2\.one\.[\w-]{28}\.[\w-]{43}$/, 'a token of version 2');
isnt(create(qw(--profile device)), $token, 'each is another one');
my $issued = enrol($token, name => 'first');
like($issued, qr/^issued /, 'it enrols');
is(enrol($token, name => 'first'), $issued, 'a retry gets the same certificate');
my $refused = enrol($token);
unlike($refused, qr/^issued/, 'it does not enrol a second device');
is(enrol('wrong'), $refused, 'a wrong challenge gets the same answer');
is(enrol(create(qw(--profile other))), $refused, 'so does one for another profile');
is(enrol(create(qw(--profile device --subject elsewhere))), $refused, 'and one for another name');
like(enrol(create(qw(--profile device --subject named)), name => 'named'), qr/^issued /, 'bound to its name');
like(enrol(create(qw(--profile device --version 1))), qr/^issued /, 'version 1');
like(enrol('the first secret'), qr/^issued /, 'a static secret');
my $json = JSON::PP::decode_json(signerctl(qw(--json challenge create --profile device --lifetime 7d))->{out});
like($json->{challenge}, qr/^v2\./, 'as JSON');
like($json->{expires}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'with its end');

# --- what signerctl and signerd refuse ---
for my $case (
    [2, qr/an option is missing: --profile/, qw()],
    [2, qr/not a time/, qw(--profile device --lifetime 1w)],
    [2, qr/in the option's range/, qw(--profile device --version 3)],
    [2, qr/bound to no subject/, qw(--profile device --version 1 --subject x)],
    [2, qr/value is empty: --subject/, '--profile', 'device', '--subject', ''],
    [1, qr/no such profile/, qw(--profile absent)],
    [1, qr/no such challenge of type hmac/, qw(--profile plain)],
    [1, qr/no such challenge of type hmac/, qw(--profile device --challenge factory)],
) {
    my ($status, $why, @options) = @$case;
    my $result = signerctl(qw(challenge create), @options);
    is($result->{status}, $status, "@options: exit status");
    like($result->{err}, $why, "@options: why");
}

# --- rotation ---
my $old = create(qw(--profile device));
$config->{challenges} = challenges(qw(two one));
secret_file('secrets', "the second secret\nthe first secret\n");
reload_signerd($config);
ok(wait_until(sub { create(qw(--profile device)) =~ /^v2\.two\./ }), 'a reload brings a key');
like(enrol($old), qr/^issued /, 'tokens of the old one are good');
like(enrol($_), qr/^issued /, "$_ is good") for 'the second secret', 'the first secret';

for my $spoil (
    ['open to others', qr/challenges\.factory\.file: .*chmod 0600/, sub { chmod 0644, $secrets }],
    ['gone', qr/challenges\.factory\.file: .*cannot be read/, sub { unlink $secrets }],
    ['empty', qr/challenges\.factory\.file: .*no secret/, sub { secret_file('secrets', "\n") }],
) {
    my ($name, $why, $how) = @$spoil;
    $how->();
    reload_signerd($config);
    ok(log_matches($why), "a file that is $name: reported");
    like(enrol('the second secret'), qr/^issued /, "a file that is $name: the secrets stay");
}

# --- what is recorded ---
my @rows = audit_rows();
my @made = grep { $_->{operation} eq 'challenge' && $_->{decision} eq 'allow' } @rows;
is("@{$made[0]}{qw(profile credential credential_name peer)}", 'device challenge mdm/one operator',
    'who made a challenge, and for what');
is((grep { $_->{subject} eq 'CN=named' } @made)[0]{credential_name}, 'mdm/one', 'for whom');
my ($first) = grep { $_->{operation} eq 'enroll' } @rows;
is("@{$first}{qw(protocol credential credential_name transaction)}", 'scep challenge mdm/one t-first',
    'which one a client knew');
is((grep { ($_->{detail} // '') =~ /used already/ } @rows)[0]{reason}, 'unauthenticated', 'why one was refused');
ok((grep { $_->{decision} eq 'deny' && $_->{operation} eq 'challenge' } @rows), 'that none was made');
my $everything = join '', map { read_file($_) } 'signerd.log', grep { -e path($_) } map { "signerd.db$_" } '', '-wal';
unlike($everything, qr/\Q$_\E/, 'no challenge is stored or logged') for $token, $old, 'the first secret';
like(signerctl(qw(audit verify))->{out}, qr/chain intact/, 'the chain is intact');

