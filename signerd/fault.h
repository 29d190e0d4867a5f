// Crash tests: a build with -DSIGNERD_FAULTS kills itself, as kill -9 would, at the point that
// the environment names, SIGNERD_FAULT="issue:N". With SIGNERD_FAULT_ONCE, a path, it does so
// once: the file that it leaves there says that it has. Any other build has none of this.
//
// Right before each step of the issue path (issue.h):
//     issue:1 decode   issue:2 policy   issue:3 limits   issue:4 idempotency
//     issue:6 serial and TBS   issue:7 signature   issue:8 commit
//     issue:9 answer, after the commit
// In the writer's thread:
//     commit:1 everything is written, before COMMIT   commit:2 between COMMIT and completion
// In the key child, which is another process:
//     key:1 before it signs   key:2 has signed, before it answers
#pragma once

#ifdef SIGNERD_FAULTS

#include <fcntl.h>

#include <csignal>
#include <cstdlib>
#include <string_view>

namespace signerd {

inline void fault_point(std::string_view here) {
    static const char* const wanted = std::getenv("SIGNERD_FAULT");
    if (wanted == nullptr || here != wanted) return;
    const char* once = std::getenv("SIGNERD_FAULT_ONCE");
    if (once != nullptr && open(once, O_CREAT | O_EXCL, 0600) < 0) return;
    raise(SIGKILL);
}

}  // namespace signerd

#define SIGNERD_FAULT(here) ::signerd::fault_point(here)

#else

#define SIGNERD_FAULT(here) static_cast<void>(0)

#endif
