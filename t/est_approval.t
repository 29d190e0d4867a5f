# "approval": "manual" over EST: 202 until somebody decides, then the same request gets the
# certificate or 403 (RFC 7030 4.2.3). What waits survives a restart of signerd.
use strict;
use warnings;
use Enroll::Test;

ca_init();
write_file('passwords', "demo:{PLAIN}secret\n");
my $config = signerd_config();
$config->{profiles}{device} = {%{$config->{profiles}{device}}, approval => 'manual', approval_retry => '7s'};
start_signerd($config);
start_nginx(<<'END', http => q[log_format est '$status $est_status $est_serial'; access_log %%DIR%%/est.log est;]);
    location /.well-known/est/ {
        est_pass signerd; est_profile device; est_auth basic; est_password_file %%DIR%%/passwords;
    }
    location = /status { est_status json; }
END

my %csr;
for my $name (qw(approved denied keyed)) {
    new_csr($name, "/CN=$name");
    $csr{$name} = read_file("$name.csr");
}

sub enroll {
    my ($name, @options) = @_;
    return post('/.well-known/est/simpleenroll', $csr{$name}, -u => 'demo:secret', @options);
}
sub waits {
    my ($reply, $number, $name) = @_;
    is($reply->{status}, 202, "$name: 202");
    is($reply->{headers}{'retry-after'}, 7, "$name: when to come again");
    is($reply->{headers}{'content-type'}, 'text/plain', "$name: in plain text");
    is($reply->{body}, "request $number waits for approval\n", "$name: which request");
    return;
}
sub serial_of { my ($pem) = @_; return lc((cert_text($pem, '-serial') =~ /=(.*)/)[0]) }
sub json { return JSON::PP::decode_json($_[0]{out}) }
sub decisions { return map { "$_->{decision} $_->{subject}" } audit_rows() }

waits(enroll('approved'), 1, 'first');
waits(enroll('approved'), 1, 'again');
waits(enroll('denied'), 2, 'another client');
is_deeply([decisions()], ['pending CN=approved', 'pending CN=denied'], 'one record for each that waits');

stop('signerd');
start_signerd($config);
waits(enroll('approved'), 1, 'after a restart');

my $done = signerctl(qw(--json request approve 1));
is($done->{status}, 0, 'approved') or diag $done->{err};
my $request = json($done)->{requests}[0];
is("$request->{state} $request->{subject}", 'issued CN=approved', 'what it is now');
my $reply = enroll('approved');
is($reply->{status}, 200, 'the identical request');
my ($pem) = certificates($reply->{body});
is(serial_of($pem), $request->{serial}, 'gets the certificate');
like(cert_text($pem, '-subject'), qr/CN ?= ?approved/, 'which is its own');
is(serial_of((certificates(enroll('approved')->{body}))[0]), $request->{serial}, 'and again');

is(signerctl(qw(request deny 2 --reason), 'not on the list')->{status}, 0, 'denied');
$reply = enroll('denied');
is($reply->{status}, 403, 'the client hears of it');
is($reply->{body}, "the request was denied\n", 'and not why');
like((audit_rows())[-1]{detail}, qr/request 2 was denied by operator: not on the list$/, 'the audit has it');

new_csr('denied', '/CN=denied');
$csr{denied} = read_file('denied.csr');
waits(enroll('denied'), 3, 'a changed CSR');

my @key = (-H => 'Idempotency-Key: k');
waits(enroll('keyed', @key), 4, 'with a key of its own');
$csr{keyed} = $csr{denied};
is(enroll('keyed', @key)->{status}, 409, 'which is bound to the CSR');

is_deeply([decisions()], ['pending CN=approved', 'pending CN=denied', 'allow CN=approved', ('deny CN=denied') x 2,
    'pending CN=denied', 'pending CN=keyed', 'deny CN=denied'], 'the audit log');
is(signerctl(qw(audit verify))->{status}, 0, 'which verifies');

my @log = split /\n/, read_file('est.log');
is($log[0], '202 pending -', '$est_status');
is(scalar(grep { /^200 replayed $request->{serial}$/ } @log), 2, 'and then the serial');
my $status = JSON::PP::decode_json(get('/status')->{body});
my $counts = $status->{total}{operations}{simpleenroll};
is("$counts->{pending} $counts->{replayed} $counts->{denied} $counts->{issued}", '6 2 1 0', 'counted');

# Automatic again: who waits is served as he asks.
$config->{profiles}{device}{approval} = 'automatic';
reload_signerd($config);
wait_until(sub { json(signerctl(qw(--json status)))->{generation} == 2 });
is(enroll('denied')->{status}, 200, 'a profile that became automatic');
like(signerctl(qw(request approve 3))->{err}, qr/a certificate was issued for it meanwhile/, 'is not approved as well');
