#!/usr/bin/perl
# What compiler and linker have put into the files that are installed, against bugs that remain:
# as much as Debian asks of its own packages.
use strict;
use warnings;
use Test::More;

my $build = $ENV{BUILD} || 'build';
my @programs = map { "$build/bin/$_" } qw(signerd signerctl enroll est_client);
my @modules = glob "$build/modules/*.so";

sub output {
    my @command = @_;
    open my $out, '-|', @command or die "@command: $!";
    local $/;
    my $text = <$out>;
    close $out or die "@command failed";
    return $text;
}

sub readelf { return output('readelf', '-W', @_) }

# A toolchain whose start files lack the mark cannot put it on anything.
sub yields_cet {
    return 0 if output('uname', '-m') !~ /^x86_64/;
    my $program = "$build/hardening-probe";
    my $made = system("echo 'int main(){}' | gcc -fcf-protection -x c - -o $program") == 0;
    my $notes = $made ? readelf('-n', $program) : '';
    unlink $program;
    return $notes =~ /IBT, SHSTK/;
}
my $cet = yields_cet();

for my $file (@programs, @modules) {
    my ($name) = $file =~ m{([^/]+)$};
    my ($header, $segments, $dynamic) = map { readelf($_, $file) } qw(-h -l -d);
    my $symbols = readelf('--dyn-syms', $file);
    like($header, qr/Type:\s+DYN/, "$name: lies where it is loaded");
    like($dynamic, qr/FLAGS_1.*\bPIE\b/, "$name: a position-independent program") if $file !~ /\.so$/;
    like($dynamic, qr/\(FLAGS\).*BIND_NOW|\(BIND_NOW\)/, "$name: all symbols are bound at the start");
    like($segments, qr/^\s+GNU_RELRO/m, "$name: tables are read-only after that");
    my ($stack) = $segments =~ /^\s+GNU_STACK(?:\s+0x\w+){5}\s+([RWE ]+?)\s+0x/m;
    is($stack, 'RW', "$name: the stack cannot be executed");
    my @both = grep { /\bRWE\b/ } $segments =~ /^\s+LOAD(?:\s+0x\w+){5}\s+([RWE ]+?)\s+0x/mg;
    is("@both", '', "$name: nothing is writable and executable");
    unlike($dynamic, qr/\((?:TEXTREL|RPATH|RUNPATH)\)/, "$name: no relocated text, no path of its own");
    like($symbols, qr/__stack_chk_fail/, "$name: stack protector");
    like($symbols, qr/__\w+_chk\b/, "$name: fortified functions");
    SKIP: {
        skip 'the toolchain does not mark IBT and SHSTK', 1 if !$cet;
        like(readelf('-n', $file), qr/IBT, SHSTK/, "$name: IBT and SHSTK");
    }
}
ok(@modules > 0, 'modules were built');
done_testing();
