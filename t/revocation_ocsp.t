# OCSP from the store to the client, with the openssl command.
use strict;
use warnings;
use Enroll::Revocation;
use Enroll::Test;

ca_init();
start_signerd(revocation_config());
start_nginx(revocation_nginx(
    plain => 'location /fresh { enroll_ocsp; enroll_ocsp_nonce on; } access_log %%DIR%%/ocsp.log ocsp;',
    http => q{log_format ocsp '$enroll_operation $enroll_status $enroll_cache';}));
allow_log(qr/signerd/);
my %serial = map { $_ => (enroll($_))[1] } qw(one two three);

my $good = ocsp('one', '-no_nonce');
like($good->{err}, qr/^Response verify OK$/m, 'the answer verifies') or diag $good->{err};
like($good->{out}, qr/one\.pem: good/, 'good');
like($good->{out}, qr/This Update: .*\n.*Next Update: /, 'with both dates');
my $text = ocsp('one', '-no_nonce', '-resp_text')->{out};
like($text, qr/Responder Id: [0-9A-F]{40}$/m, 'the responder is named by its key');
like($text, qr/X509v3 Extended Key Usage:\s+OCSP Signing\n/, 'a delegated responder');
like($text, qr/OCSP No Check/, 'that is not checked itself');

is(revoke($serial{one}, qw(--reason keyCompromise))->{status}, 0, 'revoked');
wait_until(sub { ocsp('one', '-no_nonce')->{out} =~ /one\.pem: revoked/ });
my $revoked = ocsp('one', '-no_nonce')->{out};
like($revoked, qr/one\.pem: revoked/, 'the kept answer was dropped');
like($revoked, qr/Reason: keyCompromise/, 'with the reason');
like($revoked, qr/Revocation Time: /, 'and the time');

revoke($serial{two}, qw(--reason certificateHold));
wait_until(sub { ocsp('two', '-no_nonce')->{out} =~ /revoked/ });
like(ocsp('two', '-no_nonce')->{out}, qr/Reason: certificateHold/, 'on hold: revoked');
signerctl('release', $serial{two});
wait_until(sub { ocsp('two', '-no_nonce')->{out} =~ /good/ });
like(ocsp('two', '-no_nonce')->{out}, qr/two\.pem: good/, 'released: good');

# Several in one request.
my $several = ocsp([qw(one two three)], '-no_nonce')->{out};
like($several, qr/one\.pem: revoked.*two\.pem: good.*three\.pem: good/s, 'several in one request');

# SHA-256 in the CertID.
like(run(qw(openssl ocsp -no_nonce -CAfile), path('ca/root.pem'), '-sha256', '-issuer',
    path('ca/issuing.pem'), '-cert', path('three.pem'), '-url',
    Enroll::Revocation::url('/ocsp'))->{out}, qr/three\.pem: good/, 'SHA-256 in the CertID');

# Never issued by us, though by our CA: the server certificate that the test signed by hand.
write_file('stranger.pem', read_file('server.crt'));
like(ocsp('stranger', '-no_nonce')->{out}, qr/stranger\.pem: unknown/, 'unknown');

# A foreign issuer.
ca_init('foreign');
my $foreign = run(qw(openssl ocsp -no_nonce -noverify -issuer), path('foreign/root.pem'), '-cert',
    path('foreign/issuing.pem'), '-url', Enroll::Revocation::url('/ocsp'));
like("$foreign->{out}$foreign->{err}", qr/unauthorized \(6\)/, 'a foreign issuer: unauthorized');

# Nonces: echoed where the location says so.
like(ocsp('three', '-url', Enroll::Revocation::url('/fresh'))->{err}, qr/^Response verify OK$/m,
    'an answer with the nonce') ;
unlike(ocsp('three', '-url', Enroll::Revocation::url('/fresh'))->{err}, qr/no nonce in response/,
    'which the client has checked');
like(ocsp('three')->{err}, qr/no nonce in response/, 'and without it elsewhere');

# GET, as RFC 6960 A.1 has it.
run(qw(openssl ocsp -no_nonce -issuer), path('ca/issuing.pem'), '-cert', path('three.pem'),
    '-reqout', path('three.req'));
my $query = MIME::Base64::encode_base64(read_file('three.req'), '') =~ s/([+\/=])/sprintf '%%%02X', ord $1/ger;
my $get = http(Enroll::Revocation::url("/ocsp/$query"));
is($get->{status}, 200, 'GET');
is($get->{headers}{'content-type'}, 'application/ocsp-response', 'its media type');
write_file('three.resp', $get->{body});
like(run(qw(openssl ocsp -CAfile), path('ca/root.pem'), '-issuer', path('ca/issuing.pem'), '-cert',
    path('three.pem'), '-respin', path('three.resp'))->{out}, qr/three\.pem: good/, 'its answer');
like($get->{headers}{'cache-control'}, qr/max-age=\d+/, 'may be kept');

# signerd away: what is kept is given, the rest later.
stop('signerd');
like(ocsp('three', '-no_nonce')->{out}, qr/three\.pem: good/, 'kept while signerd is away');
my $away = ocsp([qw(one two)], '-no_nonce');
like("$away->{out}$away->{err}", qr/try ?later \(3\)/i, 'the rest: try later');
start_signerd(revocation_config());
wait_until(sub { ocsp([qw(one two)], '-no_nonce')->{out} =~ /two\.pem: good/ });
like(ocsp([qw(one two)], '-no_nonce')->{out}, qr/one\.pem: revoked/, 'back, with a new responder');

my $certificates = JSON::PP::decode_json(signerctl(qw(--json cert list))->{out})->{certificates};
my @responders = grep { $_->{profile} eq '(ocsp)' } @$certificates;
is(scalar @responders, 2, 'each responder has a certificate in the store');
is(scalar(grep { $_->{operation} eq 'responder' } audit_rows()), 2, 'and a record in the audit log');
like(signerctl(qw(audit verify))->{out}, qr/chain intact/, 'the chain is intact');
like(read_file('ocsp.log'), qr/^ocsp \w+ hit$/m, 'hits are in the access log');
