// What administrators read: certificates and audit records.
#pragma once

#include "signerd/dispatch.h"

namespace signerd {

// The chain of the CA that issues under a profile, issuing certificate first, and, where CAs
// succeed each other, what a client needs before and after (successor.h). not_found for a
// profile that the peer may not use.
pki::Result<pki::Buffer> ca_certs(Services& services, const Request& request);

// {"certificates": [{...}], "more": BOOL}: as many as fit; `row` of the last one is the cursor.
pki::Result<pki::Buffer> cert_list(Services& services, const Request& request);

// {"certificates": [{..., "pem": TEXT}]}: serials are unique per CA only. not_found when there
// is none.
pki::Result<pki::Buffer> cert_show(Services& services, const Request& request);

// Canonical records and their hashes: as many as were asked for and fit.
pki::Result<pki::Buffer> audit_page(Services& services, const Request& request);

}  // namespace signerd
