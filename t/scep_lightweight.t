# scep_lightweight: PKCSReq and RenewalReq whose content is signed and not sealed.
use strict;
use warnings;
use Enroll::Forge;
use Enroll::Test;

start_scep(locations => scep_location('/scep') . scep_location('/light', 'scep_lightweight on;'));

my @light = (lightweight => 1, http => {path => '/light'});
client($_) for qw(phone other);
client('wrong', challenge => 'open barley');

fails(exchange('phone', lightweight => 1), 2, 'where it is off');
my $reply = exchange('phone', @light);
my $pem = succeeds($reply, 'phone', 'PKCSReq');
is($reply->{envelope}, 'key', 'the answer is sealed');
is($reply->{cipher}, 'aes128', 'with AES');
is(cert_text(succeeds(exchange('phone', @light), 'phone', 'again'), '-serial'), cert_text($pem, '-serial'), 'the same certificate');
succeeds(exchange('phone', http => {path => '/light'}, transaction => 'sealed'), 'phone', 'one with an envelope is served too');
succeeds(exchange('other', @light, http => {path => '/light', get => 1}), 'other', 'by GET');

fails(exchange('wrong', @light), 2, 'a wrong challenge');
fails(exchange('phone', @light, flip => 'signature', transaction => 'x'), 1, 'a wrong signature');
fails(exchange('phone', @light, message_digest => '00' x 32, transaction => 'x'), 1, 'a wrong digest');
fails(exchange('phone', @light, type => 21, serial_of => path('ca/root.pem')), 2, 'GetCert has an envelope');
fails(exchange('phone', @light, content => write_file('garbage', "\x30\x03\x02\x01\x00"), transaction => 'x'), 2, 'no CSR');
client_csr('other', key => 'phone', challenge => 'open sesame');
fails(exchange('other', @light, transaction => 'x'), 2, 'a CSR for the key of another');

use_certificate('phone', $pem);
client_csr('phone');
succeeds(exchange('phone', @light, type => 17, transaction => 'renewal'), 'phone', 'RenewalReq without a challenge');
