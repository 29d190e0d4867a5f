# signerctl's questions to signerd, answered by a fake that has the audit log and the
# certificates of this file: pages, escaping, and a chain of hashes that nobody has to believe.
use strict;
use warnings;
use Digest::SHA qw(sha256 sha256_hex);
use Enroll::FakeSigner;
use Enroll::Test;

use constant {STATUS => 16, LIST => 18, SHOW => 19, AUDIT => 20, AUDIT_PAGE => 21, JSON => 22,
    REVOKE_MANY => 25};

# --- the fake's data ---

sub field { my ($tag, $value) = @_; return pack('C N', $tag, length $value) . $value }

# Row $n of an audit log, canonical: fields 1 (sequence), 2 (time), 3 (signerd), 5 (profile),
# 6 (protocol), 8 (decision), 11 (subject).
sub row {
    my ($n, $subject) = @_;
    return join '', map { field(@$_) } [1, pack 'Q>', $n], [2, pack 'Q>', 1795194000000000 + $n],
        [3, 'one'], [5, 'device'], [6, "\1"], [8, "\1"], [11, $subject // "CN=device-$n"];
}

sub chained {
    my ($head, @log) = ("\0" x 32);
    push @log, {row => $_, hash => $head = sha256($head . $_)} for @_;
    return @log;
}

my %logs = (
    good => [chained(map { row($_) } 1 .. 7)],
    empty => [],
    bidi => [chained(row(1, "CN=\xe2\x80\xaegnp.exe"))],
);
$logs{changed} = [map { {%$_} } @{$logs{good}}];
$logs{changed}[3]{row} = row(4, 'CN=somebody else');
$logs{gap} = [map { $logs{good}[$_] } 0 .. 2, 4 .. 6];
$logs{cut} = [@{$logs{good}}[0 .. 4]];
$logs{anew} = [chained(map { row($_, 'CN=x') } 1 .. 7)];
$logs{broken} = [@{$logs{good}}[0, 1], {row => row(3) . 'x', hash => 'y' x 32}];
$logs{backwards} = [@{$logs{good}}[0, 1, 0]];

my @certificates = map { {
    row => $_ * 10, serial => sprintf('%02x', $_), ca => 'issuing', tenant => 'test',
    profile => $_ % 2 ? 'odd' : 'even', subject => $_ == 3 ? '' : "CN=device-$_\e[2J",
    sans => "dns:d$_.example", not_before => '2026-01-01T00:00:00Z',
    not_after => '2027-01-01T00:00:00Z', issued => '2026-01-01T00:05:00Z', protocol => 'est',
    $_ == 5 ? (status => 'hold', revoked => '2026-02-01T00:00:00Z', reason => 'certificateHold')
        : (status => 'good'),
} } 1 .. 7;

# --- the fake ---

sub fields_of {
    my ($bytes, %fields) = @_;
    while ($bytes =~ s/^(.)(.{4})//s) {
        my ($tag, $size) = (ord $1, unpack 'N', $2);
        $fields{$tag} = substr $bytes, 0, $size, '';
    }
    return \%fields;
}

sub json_reply { my ($id, $value) = @_; return frame(JSON, $id, [1, JSON::PP::encode_json($value)]) }

sub number { my ($octets) = @_; return defined $octets ? hex unpack 'H*', $octets : 0 }

sub list {
    my ($id, $asked) = @_;
    my ($after, $limit) = map { number($_) } @$asked{3, 4};
    my @all = grep { $_->{row} > $after && index($_->{subject}, $asked->{2} // '') >= 0
            && $_->{profile} =~ /^\Q@{[$asked->{1} \/\/ '']}\E/ } @certificates;
    my $page = !$limit || $limit > 3 ? 3 : $limit;
    my @page = splice @all, 0, $page;
    return json_reply($id, {certificates => \@page, more => @all ? \1 : \0});
}

sub show {
    my ($id, $asked) = @_;
    my @found = map { {%$_, csr_sha256 => 'ab' x 32, pem => "-----BEGIN\nAA==\n-----END\n"} }
        grep { $_->{serial} eq $asked->{1} } @certificates;
    return @found ? json_reply($id, {certificates => \@found}) : error_frame($id, 8, 'no such');
}

# Three rows of the table for each page, and what is odd of them is hit.
sub revoke_many {
    my ($id, $asked) = @_;
    my $after = number($asked->{8});
    my $until = number($asked->{9}) || 70;
    my @page = grep { $_->{row} > $after && $_->{row} <= $after + 30 } @certificates;
    my @hit = grep { $_->{profile} eq 'odd' } @page;
    my $last = @page ? $page[-1]{row} : $until;
    return json_reply($id, {certificates => \@hit, after => $last, until => $until,
        more => $last < $until ? \1 : \0});
}

sub audit {
    my ($id, $asked, @log) = @_;
    my ($after, $limit) = map { number($_) } @$asked{1, 2};
    my @rows = grep { unpack('x5 Q>', $_->{row} . "\0" x 8) > $after } @log;
    splice @rows, $limit < 3 ? $limit : 3;
    return frame(AUDIT_PAGE, $id, (map { [1, $_->{row}] } @rows), (map { [2, $_->{hash}] } @rows));
}

# A log that answers the same page for ever.
sub stuck { my ($id, @log) = @_; return audit($id, {2 => "\3"}, @log) }

sub answer {
    my ($log, $query) = @_;
    my ($id, $asked) = ($query->{id}, fields_of($query->{fields}));
    my @log = @{$logs{$log} || []};
    return json_reply($id, {version => '0.1', id => 'one', audit_records => scalar @log,
        cas => [], profiles => ['a'], key_child => {pid => 1, state => 'running'}})
        if $query->{kind} == STATUS;
    return list($id, $asked) if $query->{kind} == LIST;
    return show($id, $asked) if $query->{kind} == SHOW;
    return revoke_many($id, $log eq 'backwards' ? {} : $asked) if $query->{kind} == REVOKE_MANY;
    return $log eq 'backwards' ? stuck($id, @log) : audit($id, $asked, @log);
}

for my $log (keys %logs) {
    fake_signer($log, sub { my ($s, $q) = @_; syswrite $s, answer($log, $q); 1 });
}
fake_signer('refusing', sub { my ($s, $q) = @_; syswrite $s, error_frame($q->{id}, 6, 'not for you'); 1 });
fake_signer('closing', sub { 0 });
fake_signer('foreign', sub { my ($s) = @_; syswrite $s, error_frame('z' x 8, 6, 'no'); 1 });

sub ctl {
    my ($name, @words) = @_;
    return run("$ENV{ENROLL_BIN}/signerctl", '--socket', path("$name.sock"), @words);
}

# --- verifying ---

my $head = unpack 'H*', $logs{good}[6]{hash};
is(ctl('good', qw(audit verify))->{out}, "audit: 7 records, chain intact, head $head\n", 'intact');
is(ctl('empty', qw(audit verify))->{out},
    'audit: 0 records, chain intact, head ' . '0' x 64 . "\n", 'empty log');
is_deeply(JSON::PP::decode_json(ctl('good', qw(audit verify --json))->{out}),
    {records => 7, intact => JSON::PP::true(), head => $head}, 'JSON');

sub broken {
    my ($result, $reason, $what) = @_;
    is($result->{status}, 1, "$what: exit status");
    is($result->{out}, '', "$what: nothing is called intact");
    like($result->{err}, qr/^signerctl: .*$reason/, "$what: reason");
    return;
}

broken(ctl('changed', qw(audit verify)), 'sequence 4: the hash does not match', 'changed record');
broken(ctl('gap', qw(audit verify)), 'sequence 4: the record here has sequence 5', 'gap');
broken(ctl('broken', qw(audit verify)), 'malformed record: after sequence 2', 'no record');
broken(ctl('backwards', qw(audit verify)), 'not in sequence: 1 after 2', 'endless log');

# What the chain alone cannot see: records that are gone at the end, and another log.
my $early = unpack 'H*', $logs{good}[1]{hash};
is(ctl('good', qw(audit verify --head), $_)->{status}, 0, 'head of before') for $early, $head;
is(ctl('cut', qw(audit verify))->{status}, 0, 'shortened log is a chain');
broken(ctl('cut', qw(audit verify --head), $head), 'does not hold the expected head', 'shortened');
broken(ctl('anew', qw(audit verify --head), $early), 'does not hold the expected head', 'anew');
broken(ctl('good', qw(audit verify --head xyz)), '.', 'head is no hash');

# --- exporting ---

my $file = path('export');
is(ctl('good', qw(audit export --output), $file)->{status}, 0, 'export');
is(ctl('good', qw(audit export))->{out}, slurp($file), 'the same on standard output');
is(ctl('closing', qw(audit verify --file), $file)->{out},
    "audit: 7 records, chain intact, head $head\n", 'verifies without signerd');
my @lines = split /^/, slurp($file);
my $fifth = JSON::PP::decode_json($lines[4]);
is($fifth->{subject}, 'CN=device-5', 'subject');
is($fifth->{time}, '2026-11-20T17:00:00.000005Z', 'time');
is($fifth->{decision}, 'allow', 'decision');
is($fifth->{reason}, '', 'no reason');
is($fifth->{canonical}, MIME::Base64::encode_base64(row(5), ''), 'canonical bytes');
is($fifth->{hash}, unpack('H*', $logs{good}[4]{hash}), 'hash');

sub verify_lines {
    my (@text) = @_;
    return ctl('closing', qw(audit verify --file), write_file('changed.export', join '', @text));
}

broken(verify_lines(@lines[0 .. 3], $lines[4] =~ s/device-5/device-6/r, @lines[5, 6]),
    'changed\.export:5: fields differ', 'export with another subject');
broken(verify_lines(@lines[0, 2 .. 6]), 'sequence 2: the record here has sequence 3', 'line gone');
broken(verify_lines(@lines[0 .. 5], substr $lines[6], 0, 100), 'export:7: not JSON', 'cut line');
broken(verify_lines(@lines[0, 1], "\n", @lines[2 .. 6]), 'export:3: ', 'empty line');
broken(verify_lines($lines[0] =~ s/"hash":"./"hash":"/r), 'export:1: ', 'short hash');
is(verify_lines()->{status}, 0, 'empty export');

write_file('export', 'old');
ctl('broken', qw(audit export --output), $file);
is(slurp($file), 'old', 'export that fails leaves the old file');
ok(!-e "$file.new", 'and no other');

# --- listing ---

my @table = split /\n/, ctl('good', qw(audit list))->{out};
is(scalar @table, 8, 'heading and seven rows, of three pages');
like($table[0], qr/^SEQUENCE +TIME +DECISION /, 'heading');
like($table[7], qr/^7 +2026-11-20T17:00:00\.000007Z +allow .* device .* CN=device-7$/, 'row');

sub sequences { return map { $_->{sequence} } @{JSON::PP::decode_json($_[0]{out})} }

is_deeply([sequences(ctl('good', qw(audit list --json)))], [1 .. 7], 'JSON array');
is_deeply([sequences(ctl('empty', qw(audit list --json)))], [], 'empty JSON array');
is_deeply([sequences(ctl('good', qw(--json audit list --after 2 --limit 4)))], [3 .. 6], 'range');
is_deeply([sequences(ctl('good', qw(--json audit list --last 2)))], [6, 7], 'last ones');
is_deeply([sequences(ctl('good', qw(--json audit list --last 99)))], [1 .. 7], 'last of fewer');
like(ctl('bidi', qw(audit list))->{out}, qr/CN=\\u\{202e\}gnp\.exe/, 'direction marks are shown');
unlike(ctl('bidi', qw(audit list --json))->{out}, qr/[^\n -~]/, 'JSON is ASCII');

@table = split /\n/, ctl('good', qw(cert list))->{out};
is(scalar @table, 8, 'heading and seven certificates, of three pages');
like($table[1], qr/^01 .* odd +CN=device-1\\x1b\[2J$/, 'escape sequences are shown');
like($table[0], qr/^SERIAL +ISSUED +NOT AFTER +STATUS +PROFILE +SUBJECT$/, 'heading');
like($table[5], qr/ 2027-01-01T00:00:00Z +hold +odd /, 'status');
like($table[3], qr/ dns:d3\.example$/, 'names in the place of an empty subject');

sub rows { return map { $_->{row} } @{JSON::PP::decode_json($_[0]{out})->{certificates}} }

is_deeply([rows(ctl('good', qw(cert list --json)))], [map { $_ * 10 } 1 .. 7], 'pages merged');
is_deeply([rows(ctl('good', qw(cert list --json --limit 5)))], [10, 20, 30, 40, 50], 'limit');
is_deeply([rows(ctl('good', qw(cert list --json --profile even)))], [20, 40, 60], 'profile');
is_deeply([rows(ctl('good', qw(cert list --json --subject device-7)))], [70], 'subject');
is_deeply([rows(ctl('good', qw(cert list --json --subject none)))], [], 'nothing found');

my $shown = ctl('good', qw(cert show 00:05));
is($shown->{out}, <<'END', 'cert show');
Serial:       05
Subject:      CN=device-5\x1b[2J
Names:        dns:d5.example
Not before:   2026-01-01T00:00:00Z
Not after:    2027-01-01T00:00:00Z
Issued:       2026-01-01T00:05:00Z
Status:       hold
Revoked:      2026-02-01T00:00:00Z
Reason:       certificateHold
Protocol:     est
Profile:      odd
CA:           issuing
Tenant:       test
CSR SHA-256:  abababababababababababababababababababababababababababababababab
-----BEGIN
AA==
-----END
END
is((rows(ctl('good', qw(cert show --json 05))))[0], 50, 'cert show as JSON');
broken(ctl('good', qw(cert show 0b)), 'no such', 'unknown serial');
broken(ctl('good', qw(cert show xy)), 'not a serial number: xy', 'no serial');

# --- revoking many ---

my @many = qw(revoke --profile odd);
@table = split /\n/, ctl('good', @many)->{out};
is(scalar @table, 6, 'heading, four hits of three pages, and how many');
like($table[1], qr/^01 /, 'a hit');
is($table[5], '4 certificates revoked', 'how many');
like(ctl('good', @many, '--dry-run')->{out}, qr/^4 certificates would be revoked; nothing was changed$/m,
    'a dry run says so');
is_deeply([rows(ctl('good', @many, '--json'))], [10, 30, 50, 70], 'pages merged');
for my $dry (0, 1) {
    my $json = ctl('good', @many, '--json', $dry ? '--dry-run' : ())->{out};
    is(JSON::PP::decode_json($json)->{dry_run} ? 1 : 0, $dry, "dry_run in JSON: $dry");
}
my $endless = ctl('backwards', @many);
is($endless->{status}, 1, 'a page that repeats: exit status');
like($endless->{err}, qr/repeats a page/, 'and why');

like(ctl('good', 'status')->{out}, qr/^Audit records: +7$/m, 'status');
is(JSON::PP::decode_json(ctl('good', qw(status --json))->{out})->{id}, 'one', 'status as JSON');

# --- when signerd does not answer as it should ---

broken(ctl('refusing', 'status'), 'signerd: not for you', 'refused');
broken(ctl('closing', 'status'), 'closed the connection: .*admin role', 'closed');
broken(ctl('foreign', 'status'), 'answered another request', 'foreign answer');
broken(ctl('none', 'status'), 'cannot connect to signerd: \S+/none\.sock: No such file', 'away');
{
    local $ENV{SIGNERCTL_SOCKET} = path('good.sock');
    is(run("$ENV{ENROLL_BIN}/signerctl", 'status')->{status}, 0, 'socket from the environment');
    my $status = system "$ENV{ENROLL_BIN}/signerctl status >/dev/full 2>/dev/null";
    is($status >> 8, 1, 'output that cannot be written is a failure');
}

# --- usage ---

for my $words ([], ['nothing'], [qw(cert)], [qw(status --bad)], [qw(cert list --limit 0)],
    [qw(audit list --last 1 --after 2)], [qw(cert show)], ['revoke'], [qw(revoke --dry-run)],
    [qw(revoke --reason superseded)], [qw(revoke 05 06)], [qw(revoke 05 --certificate x)],
    [qw(revoke 05 --profile odd)], [qw(revoke 05 --dry-run)], ['revoke', '', '--profile', 'odd'],
    [qw(revoke --certificate x --ca issuing)], [qw(revoke --certificate x --subject y)],
    [qw(revoke --profile odd --tenant=)], [qw(revoke --profile odd --ca=)],
    [qw(revoke 05 --reason removeFromCRL)], [qw(revoke 05 --reason key)],
    [qw(revoke --protocol acme)], [qw(revoke --issued-from yesterday)],
    [qw(revoke --issued-to 2026-13-01)], ['release']) {
    my $result = run("$ENV{ENROLL_BIN}/signerctl", @$words);
    is($result->{status}, 2, "usage: @$words");
    like($result->{err}, qr/^signerctl: /, 'told on standard error');
}
for my $command ('ca init', 'ca next', 'ca import', 'cert list', 'cert show', 'revoke', 'release',
    'crl publish', 'audit list', 'audit verify',
    'audit export', 'status') {
    my $result = run("$ENV{ENROLL_BIN}/signerctl", split(/ /, $command), '--help');
    is($result->{status}, 0, "$command --help");
    like($result->{out}, qr/^usage: signerctl $command /, 'its usage');
    like(run("$ENV{ENROLL_BIN}/signerctl", '--help')->{out}, qr/^  $command /m, 'is listed');
}
