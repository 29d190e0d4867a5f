// A seccomp filter as a table: what a process may ask of the kernel. Everything else kills it.
#pragma once

#include <seccomp.h>

#include <cstdint>
#include <span>
#include <vector>

#include "libpki/base/result.h"

// The sanitizers map and trace as no filter of ours allows, so that their builds run without.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SIGNERD_SANITIZED 1
#else
#define SIGNERD_SANITIZED 0
#endif

namespace signerd::sandbox {

// A system call, and what each of these arguments has to be. One call may stand in a table
// several times, with other conditions.
struct Allowed {
    int call;
    std::vector<scmp_arg_cmp> conditions = {};
    std::uint16_t error = 0;  // errno that it fails with, in place of being allowed
};

// All allowed for the same reason.
using Group = std::vector<Allowed>;

scmp_arg_cmp equals(unsigned argument, scmp_datum_t value);
// The argument has these bits of `mask`, and no others of it.
scmp_arg_cmp has_bits(unsigned argument, scmp_datum_t mask, scmp_datum_t bits);

// For all threads of the process, what they start, and what they execute: for ever. A
// call that no group has ends the process with SIGSYS and a line in the kernel's log, one of
// `absent` fails with ENOSYS. unavailable when the kernel has no seccomp.
pki::Status install(std::span<const Group> groups, std::span<const int> absent);

}  // namespace signerd::sandbox
