# CMP over HTTP (RFC 9811): method, media type, body, paths; and which refusals are PKIMessages.
use strict;
use warnings;
use Enroll::CmpSite;

my $config = manual_config(implicit_confirm => JSON::PP::true());
start_cmp(config => $config, locations => cmp_location('/cmp', 'cmp_label manual manual; cmp_label device device;'),
    http => "log_format cmp '\$cmp_operation \$cmp_status \$cmp_fail_info \$cmp_serial'; access_log %%DIR%%/cmp.log cmp;");
my @type = (-H => 'Content-Type: application/pkixcmp');
device('one');

# --- no PKIMessage is read ---

my $got = get(cmp_url());
is("$got->{status} $got->{headers}{allow}", '405 POST', 'GET');
for my $type ('text/plain', 'application/pkixcmpx', 'application/pkcs10') {
    is(post(cmp_url(), 'x', -H => "Content-Type: $type")->{status}, 415, $type);
}
is(post(cmp_url('/nothing'), 'x', @type)->{status}, 404, 'an unknown path');
is(post(cmp_url('/p/nothing'), 'x', @type)->{status}, 404, 'an unknown label');
is(post(cmp_url(), 'x' x 200_000, @type)->{status}, 413, 'a body that is too large');
for my $body ('', 'no message', "\x30\x00", "\x30\x80") {
    my $answer = post(cmp_url(), $body, @type);
    is("$answer->{status} $answer->{headers}{'content-type'}", '400 text/plain', 'no message: ' . unpack 'H*', $body);
    unlike($answer->{body}, qr/<html/, 'a line, not a page');
}

# --- a PKIMessage is answered with one ---

csr_of('one');
my $message = forge_message(%{talk('one')->{options}}, type => 'p10cr', nonce => random_hex(16));
my $answer = post(cmp_url(), $message, @type);
is("$answer->{status} $answer->{headers}{'content-type'}", '200 application/pkixcmp', 'an answer');
is($answer->{headers}{'cache-control'}, 'no-store', 'that nobody keeps');
is($answer->{headers}{'content-length'}, length $answer->{body}, 'with its length');
is(read_message($answer)->{type}, 'cp', 'it is a cp');
for my $header ('Content-Type: Application/PKIXCMP', 'Content-Type: application/pkixcmp; charset=x') {
    is(read_message(post(cmp_url(), $message, -H => $header))->{type}, 'cp', $header);
}
for my $options ([-H => 'Transfer-Encoding: chunked'], [-H => 'Expect: 100-continue']) {
    is(read_message(post(cmp_url(), $message, @type, @$options))->{type}, 'cp', $options->[1]);
}

my $wrong = forge_message(%{talk('one')->{options}}, type => 'p10cr', nonce => random_hex(16), flip => 'protection');
$answer = post(cmp_url(), $wrong, @type);
is("$answer->{status} $answer->{headers}{'content-type'}", '200 application/pkixcmp', 'a refusal is one as well');
is(told(read_message($answer)), 'error 2 badMessageCheck', 'namely this');

# --- paths ---

for ([ir => 'initialization'], [cr => 'certification'], [p10cr => 'pkcs10'], [genm => 'getcacerts', 'caCerts']) {
    my ($type, $operation, $info) = @$_;
    my $answer = ask('one', $type, http => {path => "/cmp/$operation"}, ask => $info);
    isnt($answer->{status} // 0, 2, "$type at /$operation");
    my $other = $operation eq 'initialization' ? 'certification' : 'initialization';
    fails(ask('one', $type, http => {path => "/cmp/$other"}, ask => $info), 'badRequest', "$type at /$other");
}
is(told(ask('one', 'ir', http => {path => '/cmp/p/manual'})), 'ip 3', 'a label chooses a profile');
is(told(ask('one', 'ir', cert_profile => 'manual')), 'ip 3', 'certProfile does');
fails(ask('one', 'ir', cert_profile => 'nothing'), 'badRequest', 'an unknown certProfile');
fails(ask('one', 'ir', cert_profile => 'manual', http => {path => '/cmp/p/device'}), 'badRequest', 'another one than the label');
isnt(ask('one', 'ir', cert_profile => 'device', http => {path => '/cmp/p/device'})->{status}, 2, 'the same is harmless');

like(read_file('cmp.log'), qr/^p10cr issued - [0-9a-f]+$/m, 'the variables of what was issued');
like(read_file('cmp.log'), qr/^p10cr bad_signature badMessageCheck -$/m, 'and of what was refused');
