// Challenges of the types "webhook" and "intune": what is presented is for somebody outside to
// judge.
#pragma once

#include "signerd/challenge/challenge.h"

namespace signerd {

class OutsideChallenge : public Challenge {
   public:
    using Challenge::Challenge;

    Finding check(const Presented&) const override {
        Finding finding;
        finding.verdict = Verdict::ask;
        return finding;
    }
    bool asks_outside() const override { return true; }
};

}  // namespace signerd
