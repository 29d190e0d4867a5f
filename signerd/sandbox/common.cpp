#include "signerd/sandbox/common.h"

#include <signal.h>
#include <sys/mman.h>

namespace signerd::sandbox {

Group memory() {
    return {
        {SCMP_SYS(brk)},
        {SCMP_SYS(mmap), {has_bits(2, PROT_EXEC, 0)}},
        {SCMP_SYS(mprotect), {has_bits(2, PROT_EXEC, 0)}},
        {SCMP_SYS(munmap)},
        {SCMP_SYS(mremap)},
        {SCMP_SYS(madvise)},
    };
}

Group runtime() {
    return {
        {SCMP_SYS(futex)},
        {SCMP_SYS(sched_yield)},
        {SCMP_SYS(getrandom)},
        {SCMP_SYS(rt_sigprocmask)},
        {SCMP_SYS(rt_sigreturn)},
        {SCMP_SYS(restart_syscall)},  // what was interrupted by SIGSTOP and SIGCONT goes on
        {SCMP_SYS(getpid)},
        {SCMP_SYS(gettid)},
        {SCMP_SYS(getuid)},
        {SCMP_SYS(geteuid)},
        {SCMP_SYS(getgid)},
        {SCMP_SYS(getegid)},
        {SCMP_SYS(sysinfo)},  // qsort() asks how much memory there is
        {SCMP_SYS(tgkill), {equals(2, SIGABRT)}},
        {SCMP_SYS(exit)},
        {SCMP_SYS(exit_group)},
    };
}

// Most of them are answered without the kernel, but not on every virtual machine.
Group clocks() {
    return {
        {SCMP_SYS(clock_gettime)},
        {SCMP_SYS(clock_getres)},
        {SCMP_SYS(gettimeofday)},
        {SCMP_SYS(time)},
    };
}

}  // namespace signerd::sandbox
