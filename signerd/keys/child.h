// The key child: a process that holds the CA keys and has no network, no store and no other
// descriptors. It ends when its socket does.
#pragma once

#include <string>

namespace signerd {

// Runs in the process that `signerd --key-child FD` started; returns its exit status.
int run_key_child(int socket, const std::string& config_path);

}  // namespace signerd
