#!/usr/bin/perl
# What the binaries really refer to: libpki reaches nothing but memory, the C++ runtime and
# libcrypto, keeps no state, and a module shows nginx three symbols and no more.
use strict;
use warnings;
use Test::More;

my $build = $ENV{BUILD} || 'build';
my $archive = "$build/libpki.a";

# Functions of libc that only look at their arguments.
my %pure = map { $_ => 1 } qw(
    memcpy memmove memset memcmp memchr strlen strcmp strncmp strchr strrchr strtol strtoul
    snprintf __snprintf_chk __memcpy_chk __memmove_chk __memset_chk __stack_chk_fail
    inet_pton inet_ntop malloc free abort __assert_fail _GLOBAL_OFFSET_TABLE_
    __tls_get_addr __dso_handle bcmp
);

my $runtime = qr/^(?:_Z|__cxa_|__gxx_personality|_Unwind_Resume|__cxx)/;

# C++ ways to a file, a clock, a thread or the machine's locale.
my $impure_cxx = qr/^_ZN?K?(?:S[tiosd]|NSt|\d).*(?:chrono|thread|mutex|condition_variable
    |basic_(?:file|if|of|f)|random_device|filesystem|4cout|4cerr|3cin|6locale)/x;

# Parts of libcrypto that open files or sockets, or read the environment.
my $impure_crypto = qr/(?:_fp|_file|_filename|_socket|_connect|_accept|_dgram)$
    |^(?:CONF_|ENGINE_|DSO_|UI_|OSSL_STORE_|OPENSSL_config|RAND_load|RAND_write
        |PEM_(?:read|write)_(?!bio))/x;

sub lines { my $out = qx(@_); die "@_ failed" if $?; return split /\n/, $out }

my ($libcrypto) = map { m{=> (\S+)} } lines("ldd $build/bin/signerd | grep libcrypto");
my %crypto = map { s/@.*//r => 1 } map { (split)[-1] } lines("nm -D --defined-only $libcrypto");

my %defined = map { $_ => 1 } map { /^\S+ [A-Zuvw] (\S+)/ } lines("nm --defined-only $archive");
my %wanted = map { $_ => 1 } map { /^ +U (\S+)/ } lines("nm -u $archive");

my @forbidden = grep {
    !($defined{$_} || $pure{$_} || /$runtime/ && !/$impure_cxx/
        || $crypto{$_} && !/$impure_crypto/)
} sort keys %wanted;
ok(keys %wanted > 10, 'libpki.a: undefined symbols could be read');
is("@forbidden", '', 'libpki.a: nothing beyond memory, the C++ runtime and libcrypto');

# Constants that are made when first used, because they cannot be written down.
my $constant = qr/^_Z(?:GV)?ZN3pki4ossl\w*(?:without_point\w*4keys|algorithm_of\w*3des)$/;

my $writable = qr/\.(?:data|bss|tdata|tbss)(?:\.(?!rel\.ro)\S*)?/;
my @state = grep { !/$constant/ } map { /^(?!DW\.ref)(\w+)\s*\|.*\|\s*$writable\s*$/ }
    lines("nm --format=sysv --defined-only $archive");
is("@state", '', 'libpki.a: no writable data');

my @modules = glob "$build/modules/*.so";
ok(@modules > 0, 'modules were built');
for my $module (@modules) {
    my @exported = sort map { (split)[-1] } lines("nm -D --defined-only $module");
    is("@exported", 'ngx_module_names ngx_module_order ngx_modules', "$module: exports");
    my @needed = map { /\[(lib\w+)/ } grep { /NEEDED/ } lines("readelf -d $module");
    is("@{[grep { /^lib(?:crypto|ssl)$/ } @needed]}", '', "$module: uses nginx's OpenSSL");
}
done_testing();
