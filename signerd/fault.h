// Crash tests: a build with -DSIGNERD_FAULTS kills itself, as kill -9 would, at the point that
// the environment names, SIGNERD_FAULT="issue:N". With SIGNERD_FAULT_ONCE, the path of a file
// in which starts are counted, only the first front and the first key child do. Any other build
// has none of this.
//
// Right before each step of the issue path (issue.h):
//     issue:1 decode   issue:2 policy   issue:3 limits   issue:4 idempotency
//     issue:5 single-use things   issue:6 serial and TBS   issue:7 signature
//     issue:8 commit   issue:9 answer, after the commit
// When a client confirms, and when nobody has:
//     confirm:1 sweep:1 before the commit   confirm:2 sweep:2 after it
// In the writer's thread:
//     commit:1 everything is written, before COMMIT   commit:2 between COMMIT and completion
// In the key child, which is another process:
//     key:1 before it signs   key:2 has signed, before it answers
#pragma once

#ifdef SIGNERD_FAULTS

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string_view>

namespace signerd {

// At the start of the program: later the key child may not write a file.
inline bool arm_fault() {
    const char* starts = std::getenv("SIGNERD_FAULT_ONCE");
    if (starts == nullptr) return true;
    const int file = open(starts, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const bool counted = write(file, "x", 1) == 1;
    const off_t count = lseek(file, 0, SEEK_END);
    close(file);
    return counted && count <= 2;
}

inline const bool fault_armed = arm_fault();

inline void fault_point(std::string_view here) {
    static const char* const wanted = std::getenv("SIGNERD_FAULT");
    if (wanted != nullptr && here == wanted && fault_armed) raise(SIGKILL);
}

}  // namespace signerd

#define SIGNERD_FAULT(here) ::signerd::fault_point(here)

#else

#define SIGNERD_FAULT(here) static_cast<void>(0)

#endif
