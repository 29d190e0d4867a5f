# Revoking with signerctl: one certificate by serial and as a file, hold and release, many by
# conditions, a dry run, and what the audit log has of all that.
use strict;
use warnings;
use Enroll::Test;

ca_init();
ca_init('second', '--root-name', 'CN=Second Root', '--name', 'CN=Second Issuing');
my $config = signerd_config();
my $second = path('second');
$config->{cas}{second} = {tenant => 'other', certificate => "$second/chain.pem",
    key => "file:$second/issuing.key", crl => {enabled => JSON::PP::false()}};
$config->{profiles}{router} = {%{$config->{profiles}{device}}, ca => 'second'};
start_signerd($config);
start_nginx(<<'END');
    location /.well-known/est/ { est_pass signerd; est_profile device; est_auth none; }
    location /.well-known/est/router/ { est_pass signerd; est_profile router; est_auth none; }
END

sub serial_of { my ($pem) = @_; return lc((cert_text($pem, '-serial') =~ /=(.*)/)[0]) }

# A certificate with a key of its own: the serial.
sub enroll {
    my ($name, $label) = @_;
    new_csr($name, "/CN=$name");
    my $url = '/.well-known/est/' . ($label ? "$label/" : '') . 'simpleenroll';
    my ($pem) = certificates(post($url, read_file("$name.csr"))->{body});
    write_file("$name.pem", $pem);
    return serial_of($pem);
}

sub json { return JSON::PP::decode_json($_[0]{out}) }
sub listed { return @{json(signerctl(qw(--json cert list)))->{certificates}} }
sub state_of { my ($serial) = @_; return join ' ', map { "$_->{status} " . ($_->{reason} // '-') } grep { $_->{serial} eq $serial } listed() }

sub fails {
    my ($result, $why, $name) = @_;
    is($result->{status}, 1, "$name: exit status");
    is($result->{out}, '', "$name: nothing is printed");
    like($result->{err}, qr/^signerctl: signerd: $why/, "$name: why");
    return;
}

# --- one ---

my %serial = map { $_ => enroll($_) } qw(one two three four);
my $done = signerctl('revoke', join(':', uc($serial{one}) =~ /../g), '--reason', 'superseded');
is($done->{status}, 0, 'by serial') or diag $done->{err};
like($done->{out}, qr/^Status: +revoked\nRevoked: +20\S+Z\nReason: +superseded$/m, 'what it is now');
like($done->{out}, qr/^Subject: +CN=one$/m, 'which one it was');
is(state_of($serial{one}), 'revoked superseded', 'it is listed as revoked');
like(signerctl('cert', 'list')->{out}, qr/^$serial{one} .* revoked +device +CN=one$/m, 'in the table as well');
like(signerctl('cert', 'show', $serial{one})->{out}, qr/^Reason: +superseded$/m, 'and shown');
is(state_of($serial{two}), 'good -', 'no other one is');

fails(signerctl('revoke', $serial{one}), 'already revoked: superseded, since 20\S+Z', 'a second time');
is(signerctl('revoke', $serial{one}, qw(--reason keyCompromise))->{status}, 0, 'to keyCompromise, whatever it was');
is(state_of($serial{one}), 'revoked keyCompromise', 'the worse reason stands');
fails(signerctl(qw(revoke 4a00)), 'no such certificate: 4a00', 'no such serial');

$done = signerctl('--json', 'revoke', '--certificate', path('two.pem'));
is(json($done)->{certificates}[0]{serial}, $serial{two}, 'by certificate, PEM');
ok(!json($done)->{dry_run}, 'no dry run');
is(state_of($serial{two}), 'revoked unspecified', 'without a reason');
must(qw(openssl x509 -outform DER -in), path('three.pem'), '-out', path('three.der'));
is(signerctl('revoke', '--certificate', path('three.der'))->{status}, 0, 'by certificate, DER');
fails(signerctl('revoke', '--certificate', path('ca/root.pem')), 'no such certificate', 'a certificate from elsewhere');
is(signerctl('revoke', '--certificate', path('nothing.pem'))->{status}, 1, 'no such file');

# --- hold and release ---

fails(signerctl('release', $serial{four}), 'not revoked', 'release of a good one');
is(signerctl('revoke', $serial{four}, qw(--reason certificateHold))->{status}, 0, 'on hold');
is(state_of($serial{four}), 'hold certificateHold', 'it is');
like(signerctl('release', $serial{four})->{out}, qr/^Status: +good$/m, 'released');
is(state_of($serial{four}), 'good -', 'it is good again');
is(signerctl('revoke', $serial{four}, qw(--reason certificatehold --ca issuing))->{status}, 0, 'held again');
is(signerctl('revoke', $serial{four}, qw(--reason affiliationChanged))->{status}, 0, 'and revoked for good');
fails(signerctl('release', $serial{four}), 'revoked for good: affiliationChanged', 'release of that');
fails(signerctl('release', $serial{four}, qw(--ca second)), 'no such certificate', 'release of another CA');

my @rows = audit_rows();
my @changes = grep { $_->{operation} =~ /^(?:revoke|release)$/ } @rows;
is_deeply([map { "$_->{operation} $_->{decision} $_->{detail}" } grep { $_->{decision} eq 'allow' } @changes],
    ['revoke allow superseded', 'revoke allow keyCompromise', ('revoke allow unspecified') x 2,
        'revoke allow certificateHold', 'release allow certificateHold', 'revoke allow certificateHold',
        'revoke allow affiliationChanged'], 'a record for each change');
is_deeply([map { "@$_{qw(serial subject profile tenant protocol peer)}" } $changes[0]],
    ["$serial{one} CN=one device test est operator"], 'with the certificate and who has asked');
is_deeply([map { $_->{reason} } grep { $_->{decision} eq 'deny' } @changes],
    [qw(conflict not_found not_found conflict conflict not_found)], 'and for each refusal');

# --- many ---

my %many = map { $_ => enroll($_) } qw(fleet-1 fleet-2 pump);
$many{$_} = enroll($_, 'router') for qw(fleet-3 pipe);

sub audit_count { my @rows = audit_rows(); return scalar @rows }

# What a search finds, and that a dry run leaves it as it is.
sub found {
    my (@conditions) = @_;
    my $before = audit_count();
    my $result = json(signerctl('--json', 'revoke', '--dry-run', @conditions));
    ok($result->{dry_run}, "@conditions: a dry run");
    is(scalar(grep { $_->{status} ne 'good' } @{$result->{certificates}}), 0, "@conditions: still good");
    is(audit_count(), $before, "@conditions: nothing is recorded");
    return join ' ', map { $_->{subject} =~ s/^CN=//r } @{$result->{certificates}};
}

is(found('--profile', 'device'), 'fleet-1 fleet-2 pump', 'by profile');
is(found('--tenant', 'other'), 'fleet-3 pipe', 'by tenant');
is(found('--ca', 'second'), 'fleet-3 pipe', 'by CA');
is(found('--protocol', 'est'), 'fleet-1 fleet-2 pump fleet-3 pipe', 'by protocol');
is(found('--protocol', 'scep'), '', 'by another protocol');
is(found('--subject', 'CN=fleet-*'), 'fleet-1 fleet-2 fleet-3', 'by subject');
is(found('--subject', 'CN=fleet-*', '--ca', 'issuing'), 'fleet-1 fleet-2', 'by subject and CA');
is(found('--subject', 'fleet'), '', 'a pattern is for the whole subject');
is(found('--issued-from', '2020-01-01'), 'fleet-1 fleet-2 pump fleet-3 pipe', 'issued from');
is(found('--issued-from', '2099-01-01T00:00:00Z'), '', 'issued from some day');
is(found('--issued-to', '2099-01-01'), 'fleet-1 fleet-2 pump fleet-3 pipe', 'issued to');
is(found('--issued-to', '2020-01-01', '--profile', 'device'), '', 'issued to some day');
is(scalar(grep { $_->{status} eq 'good' } listed()), 5, 'all of them are good');
like(signerctl(qw(revoke --dry-run --profile router))->{out},
    qr/^2 certificates would be revoked; nothing was changed$/m, 'a dry run says so');

$done = signerctl('revoke', '--subject', 'CN=fleet-*', '--ca', 'issuing', '--reason', 'cessationOfOperation');
is($done->{status}, 0, 'many') or diag $done->{err};
like($done->{out}, qr/^$many{$_} .* revoked +device +CN=$_$/m, "$_ is told") for qw(fleet-1 fleet-2);
like($done->{out}, qr/^2 certificates revoked$/m, 'and how many');
is(state_of($many{$_}), 'revoked cessationOfOperation', "$_ is revoked") for qw(fleet-1 fleet-2);
is(state_of($many{$_}), 'good -', "$_ is not") for qw(fleet-3 pump pipe);
like(signerctl('revoke', '--subject', 'CN=fleet-*', '--ca', 'issuing')->{out}, qr/^0 certificates revoked$/m,
    'those that are revoked are passed over');

my $result = json(signerctl(qw(--json revoke --tenant other --reason keyCompromise)));
is_deeply([map { "$_->{serial} $_->{status} $_->{reason}" } @{$result->{certificates}}],
    [map { "$many{$_} revoked keyCompromise" } qw(fleet-3 pipe)], 'as JSON');

my @last = (audit_rows())[-2, -1];
is_deeply([map { "@$_{qw(operation decision serial subject tenant detail)}" } @last],
    [map { "revoke allow $many{$_} CN=$_ other keyCompromise" } qw(fleet-3 pipe)], 'a record for each');
like(signerctl(qw(audit verify))->{out}, qr/chain intact/, 'the chain is intact');
is(json(signerctl(qw(--json status)))->{revoked}, 8, 'status counts them');

# --- a restart ---

stop('signerd');
start_signerd($config);
is(state_of($many{pipe}), 'revoked keyCompromise', 'after a restart: still revoked');
is(state_of($many{pump}), 'good -', 'after a restart: and no other one');
fails(signerctl('revoke', $serial{one}, qw(--reason superseded)), 'already revoked: keyCompromise', 'after a restart');
