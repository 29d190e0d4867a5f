#!/usr/bin/perl
# Dependencies go one way: what a folder may include, by the first components of the path.
use strict;
use warnings;
use Test::More;
use FindBin;
chdir "$FindBin::Bin/../.." or die;

my %may = (
    'libpki/base'       => [],
    'libpki/ossl'       => ['libpki/base'],
    'libpki/x509'       => ['libpki/base', 'libpki/ossl'],
    'libpki/cms'        => ['libpki/base', 'libpki/ossl', 'libpki/x509'],
    'libpki/est'        => ['libpki/base', 'libpki/ossl', 'libpki/x509'],
    'libpki/scep'       => ['libpki/base', 'libpki/ossl', 'libpki/x509', 'libpki/cms'],
    'libpki/cmp'        => ['libpki/base', 'libpki/ossl', 'libpki/x509', 'libpki/cms'],
    'libpki/cmc'        => ['libpki/base', 'libpki/ossl', 'libpki/x509', 'libpki/cms'],
    'libpki/wire'       => ['libpki/base'],
    'ngx_common'        => ['libpki/base', 'libpki/ossl', 'libpki/x509', 'libpki/wire'],
    'ngx_est_module'    => ['ngx_common', 'libpki'],
    'ngx_scep_module'   => ['ngx_common', 'libpki'],
    'ngx_cmp_module'    => ['ngx_common', 'libpki'],
    'ngx_enroll_module' => ['ngx_common', 'libpki'],
    'signerd'           => ['libpki'],
    'clients/common'    => ['libpki'],
    'clients/signerctl' => ['libpki', 'clients/common'],
    'clients/enroll'    => ['libpki', 'clients/common'],
    't'                 => ['libpki', 'signerd', 'clients', 'ngx_common', 'ngx_cmp_module', 'ngx_enroll_module'],
);

# Headers from outside that only some folders may use; all else is the C and C++ libraries.
my @outside = (
    [qr{^openssl/}, qr{^(libpki/(?!wire/)|ngx_|signerd/|clients/|t/)}],
    [qr{^ngx_}, qr{^ngx_}],
    [qr{^seccomp\.h$}, qr{^(signerd/sandbox|t)/}],
    [qr{^sqlite3\.h$}, qr{^(signerd/store|t)/}],
    [qr{^jansson\.h$}, qr{^(signerd|clients|t)/}],
    [qr{^curl/}, qr{^(signerd/outside|clients/enroll|t)/}],
    [qr{^cmocka\.h$}, qr{^t/}],
);

# No sockets, files, clock or threads in the library; inet_pton() is a parser.
my $impure = qr{^(?:(?!arpa/inet).*\.h|ctime|chrono|thread|mutex|shared_mutex
    |condition_variable|atomic|future|semaphore|barrier|latch|stop_token|fstream|iostream|filesystem|random|csignal
    |clocale|locale)$}x;

sub folder_of {
    my ($path) = @_;
    my ($folder) = grep { index($path, "$_/") == 0 } sort { length $b <=> length $a } keys %may;
    return $folder;
}

sub problem {
    my ($file, $form, $header) = @_;
    my $own = folder_of($file) or return 'folder without a rule in t/lint/includes.t';
    if ($form eq '"') {
        return if index($header, "$own/") == 0;
        return if grep { index($header, "$_/") == 0 } @{$may{$own}};
        return -e $header ? "$own may not include $header" : "$header is no path from the root";
    }
    for my $rule (@outside) {
        my ($name, $where) = @$rule;
        next if $header !~ $name;
        return $file =~ $where ? undef : "$own may not include <$header>";
    }
    return "<$header> in the library" if $own =~ m{^libpki/} && $header =~ $impure;
    return;
}

my @folders = ('libpki/*', 'ngx_*', 'signerd', 'signerd/*', 'clients/*', 't/unit', 't/fuzz', 't/tools');
my @files = map { glob "$_/*.{h,cpp}" } @folders;
for my $file (grep { -f } @files) {
    open my $in, '<', $file or die "$file: $!";
    my @problems;
    while (<$in>) {
        next unless /^\s*#\s*include\s*([<"])([^>"]+)/;
        my $problem = problem($file, $1, $2);
        push @problems, "$file:$.: $problem" if $problem;
    }
    is(join("\n", @problems), '', $file);
}
done_testing();
