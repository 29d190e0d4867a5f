// What the client of a renewal has to show: a certificate that it has for the same names.
#pragma once

#include "signerd/issue_job.h"
#include "signerd/issue_revoked.h"

namespace signerd {

// Those of CMP pass (issue_originator.h). The certificate must be one of ours, whatever the
// protocol: in the store, byte by byte, of the profile's tenant and of a profile that this one
// renews, verified by its CA's key, not revoked, valid now or over for no longer than
// "renewal.grace", its key a new one unless "same_key" allows the old. With SCEP it is the one
// that signed the message, elsewhere the client's in TLS. The names stay, but where
// "change_subject" lets them change: with EST by ChangeSubjectName, whose names the CSR has
// afterwards. Whose the certificate is goes into the audit record once it is known to be ours.
//
// A request by EST that is no renewal passes; its ChangeSubjectName is obeyed in the same way,
// since it could as well have had these names.
Objection object_to_renewal(Store& store, IssueJob& job);

}  // namespace signerd
