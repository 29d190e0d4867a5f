// The user that signerd runs as.
#pragma once

#include "signerd/config.h"

namespace signerd {

// Root becomes the user that the configuration names, with that user's groups, and cannot go
// back. denied when there is no such user or group, or when this process is neither root nor
// that user. Before anything is opened and before any thread is started.
pki::Status take_user(const Confinement& confinement);

// The same for the outside child's. Nothing is done where there is no "outside", or it names no
// user.
pki::Status take_outside_user(const Confinement& confinement);
// Whether that will succeed in a child of this process.
pki::Status check_outside_user(const Confinement& confinement);
// Whose the secrets of the outside child are: this process's user where none is named, or one
// that is not on this system. Looks up an account.
uid_t outside_owner(const OutsideRules& rules);

// Everything by which this system looks up users and groups (nsswitch.conf(5)) is loaded now:
// what such a module does when it is loaded, on the first reload perhaps, no filter foresees.
void load_account_modules();

}  // namespace signerd
