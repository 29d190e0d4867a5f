// What a request uses up or is counted under: the claims of its challenge, of its token and of
// the limits of its profile.
#pragma once

#include <map>
#include <set>
#include <utility>

#include "signerd/issue_job.h"
#include "signerd/issue_revoked.h"

namespace signerd {

// What requests on their way use up, and nobody else may therefore: they are not in the store
// yet. For one thread.
class HeldClaims {
   public:
    // What the request uses up is used already, by another that is in the store or on its way,
    // or it is the one too many: unauthenticated, denied, limited (then with a time to come
    // again in job.retry_after). An Error of the Result is one of the store. What is taken has
    // to be given back once it is in the store, or will not be.
    Objection take(Store& store, IssueJob& job);
    void give_back(const IssueJob& job);

   private:
    using Value = std::pair<UsedKind, pki::ossl::Sha256>;

    Objection object(Store& store, IssueJob& job) const;
    Objection object_to_use(Store& store, const UsedValue& value) const;
    Objection object_to_count(Store& store, const Claims& claims, std::int64_t now) const;
    Objection object_to_limit(Store& store, const LimitClaim& claim, IssueJob& job) const;
    std::uint64_t on_their_way(const pki::ossl::Sha256& hash) const;
    void drop(const pki::ossl::Sha256& hash);

    std::set<Value> used_;
    std::map<pki::ossl::Sha256, std::uint64_t> counted_;
};

// What the audit record says of a challenge or token beside another credential; empty: nothing.
inline const std::string& beside_text(const IssueJob& job) { return job.challenge.beside; }

// Puts what the request uses up into what becomes durable with its certificate.
void record_claims(IssueJob& job);

}  // namespace signerd
