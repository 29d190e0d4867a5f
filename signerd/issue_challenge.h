// Challenges in the issue path: who knows the challengePassword.
#pragma once

#include "signerd/issue_job.h"

namespace signerd {

// Before idempotency, for every request: does a challenge of the profile know the password?
// What it refuses is refused after idempotency: a retry has the answer of its request. The
// audit record of an enrolment gets its name. unauthenticated, for the same reason whatever the
// cause, which is in the detail. An enrolment needs one unless the profile says "none"; a
// renewal needs none, but one that it brings has to be right (RFC 8894 2.4). An empty password
// is none. Other protocols have no challenges here: they pass.
pki::Status check_challenge(IssueJob& job);

// A view of the job.
Presented presented(const IssueJob& job);

// Who was asked outside has accepted or refused it.
pki::Status settle_challenge(IssueJob& job, const pki::Result<Finding>& finding);

}  // namespace signerd
