# signerd is lost, or says what nobody understands: the client hears systemUnavail in a protected
# message, and may come again.
use strict;
use warnings;
use Enroll::CmpSite;

start_cmp(config => cmp_config(implicit_confirm => JSON::PP::true()));
device('one');
my $talk = talk('one', implicit => 1);
allow_log(qr{connect\(\) to unix:\S+ failed});
stop('signerd');

my $reply = turn($talk, 'ir');
fails($reply, 'systemUnavail', 'ir', type => 'ip');
is($reply->{http}{status}, 200, 'with a status that clients read on at');
like($reply->{http}{headers}{'retry-after'} // '', qr/^[1-9]\d*$/, 'and when to come again');
fails(ask('one', 'p10cr', mac => 1), 'systemUnavail', 'p10cr by a secret', mac => 1, type => 'cp');
fails(ask('one', 'genm', ask => 'preferredSymmAlg,caCerts'), 'systemUnavail', 'genm', type => 'error');
fails(ask('one', 'error', recip_nonce => random_hex(16)), 'systemUnavail', 'that a client gives up', type => 'error');
is(told(ask('one', 'genm', ask => 'preferredSymmAlg')), 'genp', 'what needs no signerd is answered');

# The very message once more, when there is a signerd again.
unlink map { path($_) } qw(signerd.sock admin.sock);
start_signerd(cmp_config(implicit_confirm => JSON::PP::true()));
my $again = read_message(post_message($reply->{message}), signers => path('cmp.pem'));
is(told($again), 'ip 0', 'the same message is good for a certificate');
