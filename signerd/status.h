// How signerd is doing.
#pragma once

#include "signerd/dispatch.h"

namespace signerd {

// JSON: version, id, uptime, configuration, CAs, profiles, counts, queue, key child.
pki::Result<pki::Buffer> status(Services& services, const Request& request);

}  // namespace signerd
