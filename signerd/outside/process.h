// The front's hold on the keeper of the outside child.
#pragma once

#include <sys/types.h>

#include <string>

#include "libpki/base/result.h"
#include "signerd/fd.h"

namespace signerd {

struct OutsideKeeper {
    pid_t pid = -1;
    Fd socket;  // non-blocking; it ends when the keeper does

    // Has it start a child; returns the front's end of the child's socket, non-blocking.
    pki::Result<Fd> start_child() const;
    void end_child(pid_t pid) const;
};

// The same program again with --outside-keeper. Before this process gives up anything.
pki::Result<OutsideKeeper> start_outside_keeper(const std::string& config_path);

// Ends it with its children.
void end_outside_keeper(OutsideKeeper keeper);

}  // namespace signerd
