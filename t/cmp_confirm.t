# Confirmation with the openssl command: certConf, implicitConfirm, and a client that rejects what
# it got.
use strict;
use warnings;
use Enroll::CmpSite;

my $config = cmp_config(implicit_confirm => JSON::PP::true());
$config->{profiles}{explicit} = {%{$config->{profiles}{device}}, cmp => {names => 'any'}};
start_cmp(config => $config, locations => cmp_location('/cmp', 'cmp_label explicit explicit;'));

# How often the client has sent a certConf, and been told that it came.
sub confirmations {
    my ($result) = @_;
    my @sent = said($result) =~ /sending CERTCONF/g;
    my @answered = said($result) =~ /received PKICONF/g;
    return scalar(@sent) . ' ' . scalar(@answered);
}

for my $who ([secret => by_secret()], [signature => do { device('vendor-1'); by_certificate('vendor-1') }]) {
    my ($name, @by) = @$who;
    my $result = cmp('ir', @by, wants("explicit-$name"), '-verbosity', 6);
    gets($result, "explicit-$name");
    is(confirmations($result), '1 1', "$name: confirmed");
    $result = cmp('ir', @by, wants("implicit-$name"), qw(-implicit_confirm -verbosity 6));
    gets($result, "implicit-$name");
    is(confirmations($result), '0 0', "$name: implicitly, where the profile allows that");
    $result = cmp('ir/p/explicit', @by, wants("refused-$name"), qw(-implicit_confirm -verbosity 6));
    gets($result, "refused-$name");
    is(confirmations($result), '1 1', "$name: and else not");
}

# A client that cannot verify what it got says so.
my $result = cmp('ir', by_secret(), wants('rejected'), '-out_trusted', path('vendor/root.pem'), qw(-verbosity 6));
isnt($result->{status}, 0, 'the client rejects a certificate');
is(confirmations($result), '1 1', 'it has said so, and was heard');
my ($row) = grep { ($_->{subject} // '') =~ /rejected/ && $_->{operation} eq 'revoke' } audit_rows();
ok($row, 'what was rejected is revoked') or diag explain [audit_rows()];
