# What is recorded of SCEP: every decision, those of nginx too, with its cause; and what is written
# nowhere: challenges, and the message of a GET.
use strict;
use warnings;
use Enroll::Forge;
use Enroll::Test;
use MIME::Base64 qw(encode_base64);

my ($secret, $wrong) = ('open sesame', 'xylophone barley 77');
start_scep(
    http => 'log_format scep "$request $request_uri $args $scep_operation $scep_status $scep_fail_info $scep_transaction $scep_serial";'
        . ' large_client_header_buffers 4 32k; access_log %%DIR%%/scep.log scep;',
    locations => scep_location('/scep') . scep_location('/silent', 'scep_audit off;'));

sub rows { return grep { $_->{protocol} eq 'scep' } audit_rows() }
sub records_of { my ($transaction) = @_; return grep { ($_->{transaction} // '') eq $transaction } rows() }

# The one record of this transaction: its members, and a pattern for its detail.
sub recorded {
    my ($transaction, $expected, $detail, $name) = @_;
    my @records;
    ok(wait_until(sub { @records = records_of($transaction) }), "$name: there is a record");
    my $record = $records[-1] // {};
    is(join(' ', map { $record->{$_} // '' } qw(decision operation reason profile)), "$expected device", "$name: what was decided")
        or diag explain $record;
    like($record->{detail} // '', $detail, "$name: why") if $detail;
    return $record;
}

# --- what signerd decides ---

client('phone', subject => '/O=Example/CN=phone');
my $pem = succeeds(exchange('phone', transaction => 'good'), 'phone', 'enrolment');
my $record = recorded('good', 'allow enroll ', undef, 'enrolment');
is($record->{serial}, lc((cert_text($pem, '-serial') =~ /=(\w+)/)[0]), 'the serial');
is("$record->{credential} $record->{credential_name}", 'challenge lab', 'which challenge');
is($record->{address} // $record->{client_address}, '127.0.0.1', 'from where');
client('wrong', challenge => $wrong);
fails(exchange('wrong', transaction => 'wrong'), 2, 'a wrong challenge');
recorded('wrong', 'deny enroll unauthenticated', qr/challenge/, 'a wrong challenge');
client('none', challenge => undef);
fails(exchange('none', transaction => 'none'), 2, 'no challenge');
recorded('none', 'deny enroll unauthenticated', qr/challenge/, 'no challenge');

# --- what nginx decides ---

my %cause = (
    'flip' => [{flip => 'signature'}, 1, 'none bad_signature', qr/signature/],
    'cipher' => [{cipher => 'des'}, 0, 'none unsupported', qr/cipher/i],
    'padding' => [{probe => 'padding_zero'}, 1, 'none bad_signature', qr/envelope cannot be opened/],
    'garbage' => [{content => write_file('garbage', 'garbage')}, 1, 'none bad_signature', qr/./]);
for my $which (sort keys %cause) {
    my ($options, $fail_info, $expected, $detail) = @{$cause{$which}};
    fails(exchange('phone', %$options, transaction => "nginx-$which"), $fail_info, $which);
    $expected =~ s/^none/enroll/;
    my $row = recorded("nginx-$which", "deny $expected", $detail, $which);
    is($row->{credential} // '', 'unproven', "$which: nobody has proved who he is");
}
client_csr('phone', key => 'wrong', challenge => $wrong);
my $other = exchange('phone', transaction => 'otherkey');
fails($other, 1, 'a CSR with another key');
unlike($other->{text}, qr/key/, 'which the client is not told');
recorded('otherkey', 'deny enroll bad_signature', qr/^the key of the CSR is not that of the signer$/, 'a CSR with another key');
client_csr('phone', subject => '/O=Example/CN=phone', challenge => $secret);

my $before = rows();
is(send_message('no message')->{status}, 400, 'what is no message');
is(get(scep_url('/scep/nowhere') . '?operation=GetCACaps')->{status}, 404, 'a path that is none');
ok(wait_until(sub { rows() == $before + 2 }), 'are recorded too');
fails(exchange('phone', flip => 'signature', transaction => 'silent', http => {path => '/silent'}), 1, 'with scep_audit off');
fails(exchange('phone', flip => 'signature', transaction => 'loud'), 1, 'and with it on');
recorded('loud', 'deny enroll bad_signature', undef, 'with it on');
is(scalar records_of('silent'), 0, 'scep_audit off: nothing');

# --- what is written nowhere ---

my $message = forge('wrong', transaction => 'by-get');
my $base64 = encode_base64($message, '');
fails(read_reply('wrong', send_message($message, get => 1)), 2, 'by GET');
for my $path ('/scep/nowhere', '/scep') {
    my $sent = $base64 =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger;
    http(scep_url($path) . "?operation=PKIOperation&message=$sent&message=twice");
    http(scep_url($path) . "?message=$sent&operation=PKIOperation", -X => 'PUT');
    http(scep_url($path) . "?operation=pkioperation&message=$sent");
}
exchange('wrong', lightweight => 1, transaction => 'light');
is(signerctl(qw(audit verify))->{status}, 0, 'the audit log verifies');
my $log = read_file('scep.log');
like($log, qr{^GET /scep\?operation=PKIOperation HTTP/1\.1 /scep\?operation=PKIOperation operation=PKIOperation PKCSReq \S+ badRequest by-get}m,
    'the access log of a GET');
like($log, qr{PKCSReq issued \S* good [0-9a-f]+$}m, 'of an enrolment');
stop('nginx');
stop('signerd');
my $part = substr $base64, 200, 60;
for my $file (grep { -f } glob path('*')) {
    next if $file =~ m{/(?:run-|body|http|reply|secrets|[^/]*\.(?:cnf|der|key|csr|pem))};
    my $text = slurp($file);
    my $name = $file =~ s{.*/}{}r;
    is((grep { index($text, $_) >= 0 } $secret, $wrong) + 0, 0, "$name: no challenge");
    is(index($text, $part) + 1, 0, "$name: no message");
}
