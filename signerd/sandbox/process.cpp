#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

#include "signerd/sandbox/sandbox.h"

namespace signerd::sandbox {

pki::Status protect_process() {
    const rlimit no_core{0, 0};
    if (setrlimit(RLIMIT_CORE, &no_core) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 &&
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        return {};
    return pki::fail(pki::Errc::internal, "cannot protect the process", std::strerror(errno));
}

}  // namespace signerd::sandbox
