// What the key child may do: talk to the front, read files, compute.
#include <fcntl.h>

#include "signerd/sandbox/common.h"
#include "signerd/sandbox/sandbox.h"

namespace signerd::sandbox {

namespace {

// The socket to the front, which is there already, and the log on standard error.
Group descriptors() {
    return {
        {SCMP_SYS(recvfrom)}, {SCMP_SYS(sendto)}, {SCMP_SYS(read)},
        {SCMP_SYS(write)},    {SCMP_SYS(writev)},  // why abort() is called
        {SCMP_SYS(close)},    {SCMP_SYS(poll)},   {SCMP_SYS(ppoll)},
    };
}

// A reload reads configuration, certificates and keys again. Nothing is opened for writing.
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
        {SCMP_SYS(lseek)},
        {SCMP_SYS(pread64)},
        {SCMP_SYS(getcwd)},  // relative paths
    };
}

}  // namespace

pki::Status confine_key_child() {
    if (SIGNERD_SANITIZED) return {};
    const Group groups[] = {memory(), runtime(), clocks(), descriptors(), files()};
    return install(groups, {});
}

}  // namespace signerd::sandbox
