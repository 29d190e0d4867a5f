// What the client of a renewal has to show: a certificate that it has for the same names.
#pragma once

#include "signerd/issue_job.h"
#include "signerd/issue_revoked.h"

namespace signerd {

// Requests that are no renewals pass, and those of CMP (issue_originator.h). With SCEP the
// certificate is the one that signed the message, and it must be one of ours: in the store,
// byte by byte, of the profile's tenant and of a profile that this one renews, verified by its
// CA's key, not revoked, valid now or over for no longer than "renewal.grace". Elsewhere it is
// the client's certificate, which the frontend has verified; that it is not revoked is checked
// for every request. Whose it is goes into the audit record once it is known to be ours.
Objection object_to_renewal(Store& store, IssueJob& job);

}  // namespace signerd
