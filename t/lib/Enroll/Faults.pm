# A disk and a clock that fail on demand, under the signerd of a test (t/faults/faults.cpp).
package Enroll::Faults;
use strict;
use warnings;
use Enroll::Test qw(path write_file read_file start_signerd);
use Exporter 'import';

our @EXPORT = qw(start_with_faults faults syncs spoilt);

my %fault = map { $_ => 0 } qw(write sync open sync_ms clock);
my $format = 'l l l l q Q Q';

# As start_signerd(); the store's files are those that faults() speaks of.
sub start_with_faults {
    my @arguments = @_;
    write_file('faults', pack $format, (0) x 7) if !-e path('faults');
    local $ENV{LD_PRELOAD} = "$ENV{ENROLL_FAULTY}/faults.so";
    local $ENV{FAULTS_CONTROL} = path('faults');
    local $ENV{FAULTS_FILES} = path('signerd.db');
    start_signerd(@arguments);
    return;
}

# From now on: write, sync, open: errno of each write, sync, opening for writing; sync_ms: how
# long a sync takes; clock: seconds added to the time of day. What is not named is as it should.
sub faults {
    my (%wanted) = @_;
    my %now = (%fault, %wanted);
    open my $control, '+<:raw', path('faults') or die "faults: $!";
    syswrite $control, pack 'l l l l q', @now{qw(write sync open sync_ms clock)};
    close $control;
    return;
}

# How many syncs there were, and how many operations were spoilt, since the first start.
sub syncs { return (unpack $format, read_file('faults'))[5] }
sub spoilt { return (unpack $format, read_file('faults'))[6] }

1;
