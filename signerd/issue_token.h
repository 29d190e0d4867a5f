// Tokens in the issue path: is the one that the client brought good for this request?
#pragma once

#include "signerd/issue_job.h"
#include "signerd/issue_revoked.h"

namespace signerd {

// malformed: the worker and signerd do not agree. With SCEP and CMP there are no tokens.
pki::Status check_token_fields(const pki::wire::IssueRequest& request);

// Before idempotency. A token that is unknown, revoked, used up, over, of other profiles or not
// of the kind that is asked for is refused after it: into job.challenge.refusal. One that is
// good and bound to a name objects at once to a CSR that asks for another: denied. What the
// certificate uses up comes to the claims, and the token into the audit record.
Objection object_to_token(Store& store, IssueJob& job);

// Unauthenticated, with one text; the cause is for the audit record.
pki::Error token_refused(const char* cause);

// denied unless each name in the CSR is this one, and there is one. In the subject that
// concerns what names a holder (originator_names.h), to the letter; in the SAN a dNSName, in
// ASCII without case (RFC 4343), and no names of other kinds.
pki::Status check_bound_names(const pki::x509::Csr& csr, std::string_view identity);

}  // namespace signerd
