// Who asks by CMP, and for what: the rules that "cmp" of a profile has about it.
#pragma once

#include "signerd/issue_job.h"
#include "signerd/issue_revoked.h"

namespace signerd {

// Requests that are none of CMP pass. Its originator is known by now: that he is one of ours
// and revoked was looked at, whether he may have what he asks for was not.
//
// A key update (kur) is signed with the certificate that it renews, which is one of ours, of a
// profile that this one renews, valid now or over for no longer than "renewal.grace"; its
// oldCertId, when there is one, is that of this certificate. What its template leaves out of
// subject and SAN is the certificate's, and the request is described anew. Then, of all:
// nothing that no profile gives (issue_template.h), and with "names": "credential" no name that
// is not the originator's own, unless he is an RA and the profile has them.
Objection object_to_originator(Store& store, IssueJob& job);

}  // namespace signerd
