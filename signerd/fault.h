// Crash tests: a build with -DSIGNERD_FAULTS kills itself, as kill -9 would, right before the
// step that the environment names, SIGNERD_FAULT="issue:N". Any other build has none of this.
//
// Steps of the issue path (issue.h):
//     1 decode   2 policy   3 limits   4 idempotency   6 serial and TBS   7 signature
//     8 commit   9 answer, after the commit
#pragma once

#ifdef SIGNERD_FAULTS

#include <csignal>
#include <cstdlib>
#include <string_view>

namespace signerd {

inline void fault_point(std::string_view here) {
    static const char* const wanted = std::getenv("SIGNERD_FAULT");
    if (wanted != nullptr && here == wanted) raise(SIGKILL);
}

}  // namespace signerd

#define SIGNERD_FAULT(here) ::signerd::fault_point(here)

#else

#define SIGNERD_FAULT(here) static_cast<void>(0)

#endif
