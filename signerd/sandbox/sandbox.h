// What signerd's processes give up before they begin to work.
#pragma once

#include "libpki/base/result.h"

namespace signerd::sandbox {

// No core file, no debugger of the same user, no /proc/PID/mem; no program that is executed
// gains rights. Always.
pki::Status protect_process();

// The filters, unless the configuration says "sandbox": false. The front's comes before its
// threads, the key child's, which lets nobody start one, after them. Both work by default deny,
// SIGSYS for everything else. A build with sanitizers has neither.
//
// The front's is inherited by the key child, which starts under it: hence it has all that a
// program needs to start, and the key child's own comes on top.
pki::Status confine_front();
// Whether this process has done that: its key children do as it did, whatever the file that
// they read says by then.
bool front_is_confined();
pki::Status confine_key_child();

// The outside child's filter has the network, and the keeper's, under which it starts, what
// makes a child of itself as well. Neither executes a program or writes to a file.
pki::Status confine_outside_keeper();
pki::Status confine_outside_child();

// The program that the front may execute: itself. The filter compares addresses, it cannot
// read strings: this one address, and in the key child, where memory lies elsewhere, none.
inline constexpr char kSelf[] = "/proc/self/exe";

}  // namespace signerd::sandbox
