// Who asks by CMP, and for what: the rules that "cmp" of a profile has about it.
#pragma once

#include "signerd/issue_job.h"
#include "signerd/issue_revoked.h"

namespace signerd {

// Requests that are none of CMP pass. Its originator is known by now: that he is one of ours
// and revoked was looked at, whether he may have what he asks for was not.
Objection object_to_originator(Store& store, IssueJob& job);

}  // namespace signerd
