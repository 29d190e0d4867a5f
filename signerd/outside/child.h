// The outside child: a process that calls services on other machines and has no CA keys, no
// store, no sockets of this machine and no files but those that it may read. It ends when its
// socket does.
#pragma once

#include <string>

#include "signerd/fd.h"

namespace signerd {

// Runs in the process that the keeper made; returns its exit status. `confined`: with the
// sandbox.
int run_outside_child(Fd socket, const std::string& config_path, bool confined);

}  // namespace signerd
