#!/usr/bin/perl
# Names and shape of the sources. Lengths are reported, not judged.
use strict;
use warnings;
use Test::More;
use FindBin;
chdir "$FindBin::Bin/../.." or die;

my $long_file = 400;
my $long_function = 60;

my @folders = qw(libpki/* ngx_* signerd signerd/* clients/* t/unit t/fuzz t/tools);
my @sources = map { glob "$_/*.cpp" } @folders;
my @files = (@sources, map { glob "$_/*.h" } @folders);

# nginx names an object by the last folder and the file.
my %seen;
push @{$seen{m{([^/]+/[^/]+)$} ? $1 : $_}}, $_ for @sources;
my @twice = map { "@{$seen{$_}}" } grep { @{$seen{$_}} > 1 } sort keys %seen;
is("@twice", '', 'last folder and file name are unique');

my (@lengths, @functions, @no_once, @unclean);
for my $file (@files) {
    open my $in, '<', $file or die "$file: $!";
    my ($start, $once, $unclean);
    while (<$in>) {
        $once = 1 if /^#pragma once$/;
        $unclean = 1 if /[ \t]$|\t|\r|[^\n]\z/;
        # Bodies start and end in the first column or, in a class, one step in.
        $start = [$., $1] if !$start && /^((?: {4})?)(?![\s#}]).*[)t]( const)?( noexcept)? \{$/
            && !/^\s*(?:namespace|struct|class|enum|union)\b/;
        next unless $start && /^$start->[1]\}/;
        push @functions, [$. - $start->[0] + 1, "$file:$start->[0]"];
        undef $start;
    }
    push @lengths, [$., $file];
    push @no_once, $file if $file =~ /\.h$/ && !$once;
    push @unclean, $file if $unclean;
}
is("@no_once", '', 'headers say #pragma once');
is("@unclean", '', 'no tabs, no white space at the end of a line, a newline at the end');

sub report {
    my ($what, $limit, @rows) = @_;
    @rows = sort { $a->[0] <=> $b->[0] } @rows or return;
    note sprintf '%s: %d, median %d, 90%% %d lines', $what, scalar @rows, $rows[@rows / 2][0],
        $rows[@rows * 0.9][0];
    diag "$_->[0] lines: $_->[1]" for grep { $_->[0] > $limit } @rows;
}
report('files', $long_file, @lengths);
report('functions', $long_function, @functions);
done_testing();
