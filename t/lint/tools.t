#!/usr/bin/perl
# What other programs say of man pages and shell scripts.
use strict;
use warnings;
use Test::More;
use FindBin;
chdir "$FindBin::Bin/../.." or die;

sub have { my ($tool) = @_; return grep { -x "$_/$tool" } split /:/, $ENV{PATH} }

sub clean {
    my ($tool, $files, @command) = @_;
    SKIP: {
        skip "no $tool", 1 unless have($tool);
        skip "nothing for $tool", 1 unless @$files;
        my $out = qx(@command @$files 2>&1);
        ok($? == 0 && $out eq '', "$tool: " . @$files . ' files')
            or diag substr $out, 0, 4000;
    }
}

# Scripts need no suffix here; the first line tells.
sub is_shell {
    my ($file) = @_;
    open my $in, '<', $file or return;
    return (<$in> // '') =~ m{^#!.*\b(?:ba)?sh\b};
}

my @pages = glob 'docs/man/*.[1-8]';
my @scripts = grep { -f && is_shell($_) } glob '.ci/* conf/* conf/*/* t/* t/*/*';

clean('mandoc', \@pages, 'mandoc -Tlint -Wwarning');
clean('shellcheck', \@scripts, 'shellcheck --severity=warning');
done_testing();
