# The unit of signerd, judged by systemd's own tools, which need no systemd that runs.
use strict;
use warnings;
use Enroll::Test;

plan(skip_all => 'systemd-analyze is missing (package systemd)')
    if run(qw(systemd-analyze --version))->{status};

my $unit = slurp('conf/systemd/signerd.service');
my ($program) = $unit =~ /^ExecStart=(\S+)/m;
is($program, '/usr/local/sbin/signerd', 'the program is where make install puts it');

# As installed, but with the program that was built.
mkdir path($_) for
    qw(units units/nginx.service.d units/signerd.service.d root root/etc root/usr root/usr/lib root/usr/lib/sysusers.d);
sub install {
    my ($text) = @_;
    return write_file('units/signerd.service', $text =~ s/\Q$program\E/$ENV{ENROLL_BIN}\/signerd/r);
}

sub verify {
    my ($file) = @_;
    my $result = run(qw(systemd-analyze verify --man=no), $file);
    return join '', grep { !/^(?:\/lib|\/usr|Failed to|Attempted)/ } split /^/, $result->{out} . $result->{err};
}

is(verify(install($unit)), '', 'every directive is known');
like(verify(install($unit . "[Service]\nPrivateNetwrok=yes\n")), qr/Unknown key.*'PrivateNetwrok'/,
    'one that is not would be found');

my $judged = run(qw(systemd-analyze security --no-pager --offline=true), install($unit));
my ($exposure) = $judged->{out} =~ /Overall exposure level for signerd\.service: ([\d.]+)/;
cmp_ok($exposure // 10, '<', 2.0, 'exposure') or diag $judged->{out} . $judged->{err};

# What systemd must not do because signerd could not work then.
unlike($unit, qr/^PrivateUsers=yes/m, 'peers keep their users');
like($unit, qr/^RestrictAddressFamilies=AF_UNIX$/m, 'Unix sockets, and no others');
like($unit, qr/^LimitMEMLOCK=infinity$/m, 'memory may be locked');

# With calls outside.
my $dropin = slurp('conf/systemd/signerd.service.d/outside.conf');
write_file('units/signerd.service.d/outside.conf', $dropin);
is(verify(install($unit)), '', 'the drop-in for calls outside');
unlink path('units/signerd.service.d/outside.conf');

# What the filter of the unit forbids ends in an error, but signerd's own must be possible.
my %sets;
sub calls {
    my ($set) = @_;
    return @{$sets{$set} ||= [
        map { /^\@/ ? calls($_) : $_ }
        run('systemd-analyze', 'syscall-filter', $set)->{out} =~ /^    (\@?[a-z]\w*(?:-\w+)*)$/mg]};
}
my %allowed;
for my $line ($unit =~ /^SystemCallFilter=(.*)$/mg) {
    my $remove = $line =~ s/^~//;
    for my $call (map { /^\@/ ? calls($_) : $_ } split ' ', $line) {
        if ($remove) { delete $allowed{$call} } else { $allowed{$call} = 1 }
    }
}
for my $file (qw(common front key_child)) {
    my @calls = slurp("signerd/sandbox/$file.cpp") =~ /SCMP_SYS\((\w+)\)/g;
    is(join(' ', grep { !$allowed{$_} } @calls), '', "the unit allows what sandbox/$file.cpp allows");
}
ok(!$allowed{$_}, "the unit does not allow $_()") for qw(ptrace mount setuid bpf keyctl chroot);

$allowed{$_} = 1 for map { calls($_) } $dropin =~ /^SystemCallFilter=(\@setuid)$/m;
ok($allowed{$_}, "the drop-in for calls outside allows $_()") for qw(setresuid setresgid setgroups);
my @outside = slurp('signerd/sandbox/outside.cpp') =~ /SCMP_SYS\((\w+)\)/g;
is(join(' ', grep { !$allowed{$_} } @outside), '', 'and what sandbox/outside.cpp allows');
my %families = map { $_ => 1 } map { split } ($unit . $dropin) =~ /^RestrictAddressFamilies=(.*)$/mg;
is(join(' ', sort keys %families), 'AF_INET AF_INET6 AF_NETLINK AF_UNIX', 'and sockets of the Internet');

# The drop-in for nginx.
write_file('units/nginx.service', "[Service]\nExecStart=/bin/true\n");
write_file('units/nginx.service.d/signerd.conf', slurp('conf/systemd/nginx.service.d/signerd.conf'));
is(verify(path('units/nginx.service')), '', 'the drop-in for nginx');

# The account.
write_file('root/usr/lib/sysusers.d/signerd.conf', slurp('conf/systemd/sysusers.conf'));
write_file('root/etc/group', "www-data:x:33:\n");
write_file('root/etc/passwd', "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n");
SKIP: {
    skip 'systemd-sysusers needs root', 4 if $< != 0;
    my $users = run('systemd-sysusers', '--root=' . path('root'));
    is($users->{status}, 0, 'sysusers') or diag $users->{err};
    like(read_file('root/etc/passwd'), qr{^signerd:x:\d+:\d+:[^:]*:/var/lib/signerd:/usr/sbin/nologin$}m, 'the user');
    like(read_file('root/etc/passwd'), qr{^signerd-out:x:\d+:\d+:[^:]*:/:/usr/sbin/nologin$}m, 'the user for calls outside');
    like(read_file('root/etc/group'), qr/^www-data:x:33:signerd$/m, 'a member of the group of the workers');
}
