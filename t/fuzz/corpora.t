#!/usr/bin/perl
# Every fuzz target reads every file of its corpus once.
use strict;
use warnings;
use Test::More;

my $build = $ENV{BUILD} || 'build';
for my $source (glob 't/fuzz/*_fuzz.cpp') {
    my ($name) = $source =~ m{([^/]+)_fuzz\.cpp$};
    my @corpus = glob "t/fuzz/corpus/$name/*";
    ok(@corpus > 0, "$name has a corpus") or next;
    my $out = qx(timeout 120 $build/fuzz/${name}_fuzz -rss_limit_mb=1024 @corpus 2>&1);
    my $status = $?;
    my $read = () = $out =~ /^Executed /mg;
    ok($status == 0 && $read == @corpus, "$name: " . @corpus . ' files')
        or diag substr $out, -4000;
}
done_testing();
