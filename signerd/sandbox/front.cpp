// What the front may do: sockets of this machine, the store, threads, its key child.
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "signerd/sandbox/common.h"
#include "signerd/sandbox/sandbox.h"

namespace signerd::sandbox {

namespace {

constexpr scmp_datum_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                     CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

Group descriptors() {
    return {
        {SCMP_SYS(read)},  {SCMP_SYS(readv)},       {SCMP_SYS(write)}, {SCMP_SYS(writev)},
        {SCMP_SYS(close)}, {SCMP_SYS(close_range)}, {SCMP_SYS(fcntl)}, {SCMP_SYS(dup)},
        {SCMP_SYS(dup2)},  {SCMP_SYS(dup3)},
    };
}

Group events() {
    return {
        {SCMP_SYS(epoll_create1)}, {SCMP_SYS(epoll_ctl)}, {SCMP_SYS(epoll_wait)},
        {SCMP_SYS(epoll_pwait)},   {SCMP_SYS(eventfd2)},  {SCMP_SYS(signalfd4)},
        {SCMP_SYS(poll)},          {SCMP_SYS(ppoll)},
    };
}

// Of Unix only: nothing that the front opens reaches another machine.
Group sockets() {
    return {
        {SCMP_SYS(socket), {equals(0, AF_UNIX)}},
        {SCMP_SYS(socketpair), {equals(0, AF_UNIX)}},
        {SCMP_SYS(bind)},
        {SCMP_SYS(listen)},
        {SCMP_SYS(accept4)},
        {SCMP_SYS(connect)},
        {SCMP_SYS(getsockopt)},
        {SCMP_SYS(setsockopt)},
        {SCMP_SYS(getsockname)},
        {SCMP_SYS(getpeername)},
        {SCMP_SYS(recvfrom)},
        {SCMP_SYS(sendto)},
        {SCMP_SYS(recvmsg)},
        {SCMP_SYS(sendmsg)},
        {SCMP_SYS(shutdown)},
    };
}

// On a reload, over a socket as well: libnss_systemd waits for systemd-userdbd with a timer.
Group lookup_of_accounts() { return {{SCMP_SYS(timerfd_create)}, {SCMP_SYS(timerfd_settime)}}; }

Group files() {
    return {
        {SCMP_SYS(openat)},     {SCMP_SYS(open)},    {SCMP_SYS(access)},
        {SCMP_SYS(faccessat)},  {SCMP_SYS(stat)},    {SCMP_SYS(lstat)},
        {SCMP_SYS(fstat)},      {SCMP_SYS(fstatfs)}, {SCMP_SYS(newfstatat)},
        {SCMP_SYS(statx)},      {SCMP_SYS(lseek)},   {SCMP_SYS(readlink)},
        {SCMP_SYS(readlinkat)}, {SCMP_SYS(getcwd)},  {SCMP_SYS(getdents64)},
        {SCMP_SYS(umask)},
    };
}

// SQLite's files and the lock beside them, CRLs and their folder, socket files with their group
// and mode.
Group changes_of_files() {
    return {
        {SCMP_SYS(pread64)},   {SCMP_SYS(pwrite64)},  {SCMP_SYS(fsync)},
        {SCMP_SYS(fdatasync)}, {SCMP_SYS(ftruncate)}, {SCMP_SYS(fallocate)},
        {SCMP_SYS(flock)},     {SCMP_SYS(unlink)},    {SCMP_SYS(unlinkat)},
        {SCMP_SYS(fchmod)},    {SCMP_SYS(chmod)},     {SCMP_SYS(fchmodat)},
        {SCMP_SYS(fchown)},    {SCMP_SYS(lchown)},    {SCMP_SYS(fchownat)},
        {SCMP_SYS(mkdir)},     {SCMP_SYS(mkdirat)},
    };
}

Group waiting() {
    return {{SCMP_SYS(nanosleep)}, {SCMP_SYS(clock_nanosleep)}};  // SQLite, for a lock
}

Group threads() {
    return {
        {SCMP_SYS(clone), {has_bits(0, CLONE_THREAD | kNamespaces, CLONE_THREAD)}},
        {SCMP_SYS(set_robust_list)},
        {SCMP_SYS(rseq)},
        {SCMP_SYS(rt_sigaction)},
        {SCMP_SYS(sigaltstack)},
        {SCMP_SYS(sched_getaffinity)},
        {SCMP_SYS(prlimit64), {equals(0, 0)}},
        {SCMP_SYS(getrlimit)},
        {SCMP_SYS(setrlimit)},
    };
}

// The key child is started by posix_spawn(), which shares memory until the program is
// executed: no other process can be made. It is ended by the signal that needs no handler.
Group key_child() {
    return {
        {SCMP_SYS(clone), {equals(0, CLONE_VM | CLONE_VFORK | SIGCHLD)}},
        {SCMP_SYS(execve), {equals(0, reinterpret_cast<scmp_datum_t>(&kSelf[0]))}},
        {SCMP_SYS(kill), {equals(1, SIGKILL)}},
        {SCMP_SYS(tgkill), {equals(2, SIGKILL)}},  // raise(), where a crash test asks for it
        {SCMP_SYS(wait4)},
    };
}

// The key child until it has its own filter: the dynamic linker, and what it gives up.
Group start_of_a_program() {
    return {
        {SCMP_SYS(mmap), {has_bits(2, PROT_WRITE | PROT_EXEC, PROT_EXEC)}},
#ifdef __aarch64__
        // The linker marks code that has landing pads.
        {SCMP_SYS(mprotect), {has_bits(2, PROT_WRITE | PROT_BTI, PROT_BTI)}},
#endif
        {SCMP_SYS(arch_prctl)},
        {SCMP_SYS(set_tid_address)},
        {SCMP_SYS(prctl), {equals(0, PR_SET_DUMPABLE), equals(1, 0)}},
        {SCMP_SYS(prctl), {equals(0, PR_SET_NO_NEW_PRIVS)}},
        {SCMP_SYS(prctl), {equals(0, PR_SET_NAME)}},
        {SCMP_SYS(capget)},
        {SCMP_SYS(mlockall)},
        {SCMP_SYS(seccomp)},
    };
}

bool confined = false;

// The C library has another way where a kernel is without these. The flags of clone3() are in
// memory, where no filter can look; the second one is for modules that look up accounts.
constexpr int kAbsent[] = {SCMP_SYS(clone3), SCMP_SYS(faccessat2)};

}  // namespace

bool front_is_confined() { return confined; }

pki::Status confine_front() {
    confined = true;
    if (SIGNERD_SANITIZED) return {};
    const Group groups[] = {memory(),
                            runtime(),
                            clocks(),
                            descriptors(),
                            events(),
                            sockets(),
                            lookup_of_accounts(),
                            files(),
                            changes_of_files(),
                            waiting(),
                            threads(),
                            key_child(),
                            start_of_a_program()};
    return install(groups, kAbsent);
}

}  // namespace signerd::sandbox
