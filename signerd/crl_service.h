// CRLs for who asks: pieces of them for those who serve them, new ones for the operator.
#pragma once

#include "signerd/dispatch.h"
#include "signerd/json_writer.h"

namespace signerd {

// not_found for a CA that the peer may not ask about, and for a list that there is none of.
pki::Result<pki::Buffer> crl_piece(Services& services, const Request& request);

// Answered when the new lists are there.
void crl_publish(Services& services, const Request& request);

// {"ca", "number", "this_update", "next_update", "entries", "size"}, with "partition" and
// "delta" where they say something.
JsonPtr crl_json(const CrlRecord& record);

}  // namespace signerd
