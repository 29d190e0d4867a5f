// The key child: a process that holds the CA keys and has no network, no store and no other
// descriptors. It ends when its socket does.
#pragma once

#include <string>

#include "signerd/keys/workers.h"

namespace signerd {

// Runs in the process that `signerd --key-child FD` started; returns its exit status.
int run_key_child(int socket, const std::string& config_path, bool confined);

// What it does there once it has confined itself: answers until the socket, which it takes
// over, has ended. Signatures with slow keys are shared out among the workers.
int serve_keys(int socket, const std::string& config_path, Workers& workers);

}  // namespace signerd
