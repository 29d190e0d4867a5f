// What the outside child may do: talk to other machines, read files, compute. And its keeper:
// make children of itself and end them.
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cerrno>

#include "signerd/sandbox/common.h"
#include "signerd/sandbox/sandbox.h"

namespace signerd::sandbox {

namespace {

constexpr scmp_datum_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                     CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

// Those that are there already, the log on standard error, and what threads of libcurl wake it
// with.
Group descriptors() {
    return {
        {SCMP_SYS(read)},  {SCMP_SYS(readv)},    {SCMP_SYS(write)}, {SCMP_SYS(writev)},
        {SCMP_SYS(close)}, {SCMP_SYS(poll)},     {SCMP_SYS(ppoll)}, {SCMP_SYS(fcntl)},
        {SCMP_SYS(dup)},   {SCMP_SYS(eventfd2)},
    };
}

// Of the Internet. No sockets of this machine but pairs, between which nobody else comes:
// whoever listens there, signerd's front above all, has nothing to do with what comes from
// outside. The C library asks for its nscd, which it can do without, and the kernel for the
// addresses that this machine has.
Group sockets() {
    return {
        {SCMP_SYS(socket), {equals(0, AF_INET)}},
        {SCMP_SYS(socket), {equals(0, AF_INET6)}},
        {SCMP_SYS(socket), {equals(0, AF_NETLINK), equals(2, 0 /* NETLINK_ROUTE */)}},
        {SCMP_SYS(socket), {equals(0, AF_UNIX)}, EAFNOSUPPORT},
        {SCMP_SYS(socketpair), {equals(0, AF_UNIX)}},
        {SCMP_SYS(bind)},
        {SCMP_SYS(connect)},
        {SCMP_SYS(getsockopt)},
        {SCMP_SYS(setsockopt)},
        {SCMP_SYS(getsockname)},
        {SCMP_SYS(getpeername)},
        {SCMP_SYS(recvfrom)},
        {SCMP_SYS(sendto)},
        {SCMP_SYS(recvmsg)},
        {SCMP_SYS(sendmsg)},
        {SCMP_SYS(sendmmsg)},
        {SCMP_SYS(shutdown)},
        {SCMP_SYS(ioctl), {equals(1, FIONREAD)}},
        {SCMP_SYS(ioctl), {equals(1, FIONBIO)}},
    };
}

// Configuration, secrets and certificates, resolv.conf. Nothing is opened for writing.
Group files() {
    constexpr scmp_datum_t kChanging = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
    return {
        {SCMP_SYS(openat), {has_bits(2, kChanging, O_RDONLY)}},
        {SCMP_SYS(open), {has_bits(1, kChanging, O_RDONLY)}},
        {SCMP_SYS(stat)},
        {SCMP_SYS(lstat)},
        {SCMP_SYS(fstat)},
        {SCMP_SYS(newfstatat)},
        {SCMP_SYS(statx)},
        {SCMP_SYS(access)},
        {SCMP_SYS(faccessat)},
        {SCMP_SYS(lseek)},
        {SCMP_SYS(pread64)},
        {SCMP_SYS(getcwd)},
        {SCMP_SYS(uname)},  // the resolver's default domain
    };
}

// libcurl looks up each name in a thread.
Group threads() {
    return {
        {SCMP_SYS(clone), {has_bits(0, CLONE_THREAD | kNamespaces, CLONE_THREAD)}},
        {SCMP_SYS(set_robust_list)},
        {SCMP_SYS(rseq)},
        {SCMP_SYS(rt_sigaction)},
        {SCMP_SYS(sched_getaffinity)},
        {SCMP_SYS(prlimit64), {equals(0, 0), equals(2, 0)}},  // asking, not setting
    };
}

Group children() {
    return {
        // fork(), by the C library.
        {SCMP_SYS(clone), {has_bits(0, CLONE_VM | CLONE_THREAD | kNamespaces, 0)}},
        {SCMP_SYS(kill), {equals(1, SIGKILL)}},
        {SCMP_SYS(wait4)},
    };
}

// What the child does before it has its own filter.
Group start_of_a_child() {
    return {
        {SCMP_SYS(prctl), {equals(0, PR_SET_NAME)}},
        {SCMP_SYS(prctl), {equals(0, PR_SET_NO_NEW_PRIVS)}},
        {SCMP_SYS(seccomp)},
    };
}

// As for the front: what fails so has another way.
constexpr int kAbsent[] = {SCMP_SYS(clone3), SCMP_SYS(faccessat2), SCMP_SYS(close_range)};

}  // namespace

pki::Status confine_outside_child() {
    if (SIGNERD_SANITIZED) return {};
    const Group groups[] = {memory(),  runtime(), clocks(), descriptors(),
                            sockets(), files(),   threads()};
    return install(groups, kAbsent);
}

pki::Status confine_outside_keeper() {
    if (SIGNERD_SANITIZED) return {};
    const Group groups[] = {memory(), runtime(), clocks(),   descriptors(),     sockets(),
                            files(),  threads(), children(), start_of_a_child()};
    return install(groups, kAbsent);
}

}  // namespace signerd::sandbox
