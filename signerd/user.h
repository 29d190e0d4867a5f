// The user that signerd runs as.
#pragma once

#include "signerd/config.h"

namespace signerd {

// Root becomes the user that the configuration names, with that user's groups, and cannot go
// back. denied when there is no such user or group, or when this process is neither root nor
// that user. Before anything is opened and before any thread is started.
pki::Status take_user(const Confinement& confinement);

// Everything by which this system looks up users and groups (nsswitch.conf(5)) is loaded now:
// what such a module does when it is loaded, on the first reload perhaps, no filter foresees.
void load_account_modules();

}  // namespace signerd
