# Messages in a message of an RA: one, with its protection added, and several at once.
use strict;
use warnings;
use Enroll::CmpSite;

start_cmp(config => cmp_config(implicit_confirm => JSON::PP::true()));
device($_) for qw(one two);
certify('ra', ca => 'ra-ca', extensions => "keyUsage=digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.28");
certify('no-ra', ca => 'ra-ca');

# path of a file with a message of a client.
my $count = 0;
sub inner {
    my ($name, $type, %option) = @_;
    csr_of($name);
    my $message = forge_message(%{talk($name, mac => delete $option{mac})->{options}}, type => $type, nonce => random_hex(16),
        implicit => 1, %option);
    return write_file('inner' . $count++, $message);
}

sub nest { my ($files, %option) = @_; return ask($option{by} // 'ra', 'nested', inner => join(',', @$files)) }

# --- one ---

my $reply = nest([inner('one', 'p10cr')]);
is(told($reply), 'cp 0', 'one message: the answer is that to it');
is($reply->{protected}, path('cmp.pem'), 'signed by us');
my $file = inner('one', 'ir', mac => 1);
$reply = read_message(post_message(forge_message(%{talk('ra')->{options}}, type => 'nested', nonce => random_hex(16), inner => $file)),
    secret => SECRET);
is("$reply->{type} $reply->{status} $reply->{protected}", 'ip 0 mac', 'by a secret: its owner can verify the answer');
is(told(nest([inner('one', 'ir', flip => 'protection')])), 'error 2 badMessageCheck', 'its own protection counts');
is(told(nest([inner('one', 'ir', protect => 'none')])), 'error 2 badMessageCheck', 'and has to be there');

# --- several ---

my $before = issued_count();
$reply = nest([inner('one', 'ir'), inner('two', 'cr', flip => 'protection'), inner('two', 'p10cr')]);
is(told($reply), 'nested', 'several: their answers, nested');
is($reply->{inner}, 3, 'one for each');
is(issued_count() - $before, 2, 'what is wrong with one is not with the others');
my @denied;
wait_until(sub { @denied = grep { $_->{decision} eq 'deny' && $_->{operation} eq 'enroll' } audit_rows(); @denied == 3 });
is(join(', ', map { "$_->{credential} $_->{credential_name}" } @denied), 'unproven CN=one, none , unproven CN=two',
    'what was refused is in the audit') or diag explain [audit_rows()];

# The same bytes again: the same certificates.
my @again = (inner('one', 'ir'), inner('two', 'cr'));
nest(\@again);
$before = issued_count();
is(nest(\@again)->{inner}, 2, 'once more');
is(issued_count(), $before, 'nothing new is issued');

# --- what is no such message ---

is(told(nest([inner('one', 'ir')], by => 'no-ra')), 'error 2 signerNotTrusted', 'by a signer without the purpose');
is(told(nest([inner('one', 'ir')], by => 'one')), 'error 2 notAuthorized', 'by a device');
is(told(nest([inner('ra', 'nested', inner => inner('one', 'ir'))])), 'error 2 badRequest', 'nested in nested');
fails(ask('ra', 'nested', inner => inner('one', 'ir'), times => 17), 'badRequest', 'too many');
is(told(ask('one', 'nested', inner => inner('one', 'ir'), mac => 1)), 'error 2 wrongIntegrity', 'by a secret');
