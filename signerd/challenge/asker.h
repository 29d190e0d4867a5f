// What the issue path knows of a request, put to the outside child.
#pragma once

#include "signerd/challenge/challenge.h"
#include "signerd/clock.h"
#include "signerd/outside/client.h"

namespace signerd {

class OutsideAsker : public Outside {
   public:
    OutsideAsker(const Clock& clock, OutsideClient& client) : clock_(clock), client_(client) {}

    void ask(const Challenge& challenge, const Presented& presented, Done done) override;
    void tell(const Challenge& challenge, const Presented& presented,
              const Outcome& outcome) override;

   private:
    const Clock& clock_;
    OutsideClient& client_;
};

}  // namespace signerd
