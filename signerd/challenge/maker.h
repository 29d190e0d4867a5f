// Tokens for clients, made for an admin: challenges of type "hmac" only, since nobody makes the
// others here.
#pragma once

#include "libpki/wire/registration.h"
#include "signerd/clock.h"
#include "signerd/request.h"
#include "signerd/writer.h"

namespace signerd {

class ChallengeMaker {
   public:
    ChallengeMaker(const Clock& clock, Committer& committer, Replies& replies)
        : clock_(clock), committer_(committer), replies_(replies) {}

    // A ChallengeCreateRequest. The token leaves when the audit record of it is durable; the
    // record does not hold it.
    void create(const Request& request);

   private:
    struct Job;
    using JobPtr = std::shared_ptr<Job>;

    pki::Status make(Job& job, const pki::wire::ChallengeCreateRequest& asked) const;
    void commit(const JobPtr& job);

    const Clock& clock_;
    Committer& committer_;
    Replies& replies_;
};

}  // namespace signerd
