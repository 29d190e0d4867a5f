// The first step of the issue path: what the message says.
#pragma once

#include "signerd/issue_job.h"

namespace signerd {

// Fills in request, profile, CA, CSR and certificates, and also what the audit record needs, so
// that a request that fails further on is recorded with all that is known of it. malformed.
// Not checked: signatures, and whether the peer may use the profile.
pki::Status decode(IssueJob& job);

// Parts of that: profile and CA, with which the audit record begins; the request, by its form;
// and the certificates that came with it.
void find_profile(IssueJob& job);
pki::Status read_request(IssueJob& job);
pki::Status read_certificates(IssueJob& job);

}  // namespace signerd
