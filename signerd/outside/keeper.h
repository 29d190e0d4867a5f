// The keeper of the outside child. The front cannot start that itself: what it has given up,
// the network and other users, its children have not either. So a process is started before
// that, which becomes the user of the outside child and does nothing but make children of
// itself, when the front asks for one, and end them.
//
// Each message is one byte and a number of a process: kStart, with the socket of the new child
// as SCM_RIGHTS, or kEnd. There are no answers: a child says that it is there, and the end of
// its socket that it is not. The keeper ends with its own socket, and its children with it.
#pragma once

#include <string>

#include "libpki/base/result.h"

namespace signerd {

struct KeeperMessage {
    static constexpr char kStart = 's', kEnd = 'e';

    char what = 0;
    int pid = 0;
};

// Runs in the process that `signerd --outside-keeper FD` started; returns its exit status.
int run_outside_keeper(int socket, const std::string& config_path);

}  // namespace signerd
