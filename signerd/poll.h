// A client asks what became of its request, without sending it again.
#pragma once

#include "signerd/request.h"
#include "signerd/store/store.h"

namespace signerd {

// wire::PollRequest; `now` in seconds since 1970. A wire::IssueReply where the request got a
// certificate that is valid and not revoked, a wire::PendingReply while it waits, denied when a
// person has denied it. not_found: no such request, one for another key, or its time is over.
// Nothing is decided here, so nothing of it is in the audit log.
pki::Result<pki::Buffer> poll(Store& store, std::int64_t now, const Request& request);

}  // namespace signerd
