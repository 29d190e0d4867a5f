// Starting and ending the key child's process.
#pragma once

#include <sys/types.h>

#include <string>

#include "libpki/base/result.h"
#include "signerd/fd.h"

namespace signerd {

struct KeyProcess {
    pid_t pid = -1;
    Fd socket;  // non-blocking
};

// The same program again with --key-child, so that nothing of this process' memory is there.
pki::Result<KeyProcess> start_key_process(const std::string& config_path);

// Ends it, if it has not ended, and says how it ended: "exit status 1", "signal 9".
std::string end_key_process(KeyProcess process);

}  // namespace signerd
