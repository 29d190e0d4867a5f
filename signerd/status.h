// How signerd is doing.
#pragma once

#include "signerd/dispatch.h"

namespace signerd {

// JSON: version, id, uptime, configuration, CAs, profiles (the first 100 of each at most, and
// how many there are), counts, queue, key child.
pki::Result<pki::Buffer> status(Services& services, const Request& request);

}  // namespace signerd
