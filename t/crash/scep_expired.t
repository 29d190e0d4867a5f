# A certificate that has expired renews nothing by SCEP, but for as long as "grace" says.
use strict;
use warnings;
use Enroll::Faults;
use Enroll::Forge;
use Enroll::Test;

ca_init();
my $config = scep_config(renewal => {grace => '1h'});
$config->{profiles}{device}{validity} = '1d';
start_with_faults($config);
new_ra('ra', qw(--validity 30d));
start_nginx('', http => 'server { listen 127.0.0.1:%%PORT:http%%; ' . scep_location('/scep') . '}');

client('phone');
use_certificate('phone', succeeds(exchange('phone'), 'phone', 'enrolment'));
client_csr('phone');
my $day = 24 * 3600;
faults(clock => $day - 60);
succeeds(exchange('phone', type => 17, transaction => 'last'), 'phone', 'in its last minute');
faults(clock => $day + 1800);
succeeds(exchange('phone', type => 17, transaction => 'grace'), 'phone', 'half an hour after its end');
faults(clock => $day + 7200);
for my $type (17, 19) {
    fails(exchange('phone', type => $type, transaction => "late-$type"), 2, "messageType $type two hours after its end");
    like((audit_rows())[-1]{detail}, qr/expired/, 'the audit record says why');
}
client_csr('phone', challenge => 'open sesame');
fails(exchange('phone', type => 17, transaction => 'late'), 2, 'with the right challenge too');
