// Requests that wait for a person, as administrators see them.
#pragma once

#include "signerd/json_writer.h"
#include "signerd/request.h"
#include "signerd/store/store.h"

namespace signerd {

// "waiting", "issued", "denied" or "expired", which a decided one is never called.
const char* state_of(const PendingRequest& request, std::int64_t now);

// All but its CSR and certificates.
JsonPtr request_json(const PendingRequest& request, std::int64_t now);

// {"requests": [{...}]}
pki::Buffer request_frame(const PendingRequest& request, std::int64_t now, std::uint64_t id);

// wire::RequestListRequest: {"requests": [{...}], "after": ID}, as many as fit; `after`, the
// last one's number, is there where more may follow.
pki::Result<pki::Buffer> request_list(Store& store, std::int64_t now, const Request& request);

}  // namespace signerd
