// Challenges in the issue path: who knows the challengePassword, and what is used up by it.
#pragma once

#include <map>
#include <set>
#include <utility>

#include "signerd/issue_job.h"
#include "signerd/issue_revoked.h"

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

// What requests on their way use up, and nobody else may therefore: they are not in the store
// yet. For one thread.
class HeldClaims {
   public:
    // What the request uses up is used already, by another that is in the store or on its way,
    // or it is the one too many: unauthenticated, denied. An Error of the Result is one of the
    // store. What is taken has to be given back once it is in the store, or will not be.
    Objection take(Store& store, IssueJob& job);
    void give_back(const IssueJob& job);

   private:
    using Value = std::pair<UsedKind, pki::ossl::Sha256>;

    Objection object_to_use(Store& store, const UsedValue& value) const;
    Objection object_to_count(Store& store, const Claims& claims, std::int64_t now) const;

    std::set<Value> used_;
    std::map<pki::ossl::Sha256, std::uint64_t> counted_;
};

// What the audit record says of a challenge beside a client certificate; empty: nothing.
std::string beside_text(const IssueJob& job);

// Puts what the request uses up into what becomes durable with its certificate.
void record_claims(IssueJob& job);

}  // namespace signerd
