// Certificates of which nobody has said in time that he has them: revoked, or kept, as "cmp" of
// their profile has it. And transactions that are over, which are forgotten.
//
// Both go a few at a time, so that nobody's request waits behind them. What was due while
// signerd was away is done when it is back.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "signerd/clock.h"
#include "signerd/outage.h"
#include "signerd/revoke.h"
#include "signerd/transaction.h"
#include "signerd/writer.h"

namespace signerd {

class ConfirmSweep {
   public:
    // Runs an action once, after a delay: EventLoop::after().
    using After = std::function<void(std::chrono::milliseconds delay, std::function<void()>)>;

    static constexpr std::uint32_t kBatch = 32;
    static constexpr std::chrono::seconds kPause{5};

    ConfirmSweep(const Clock& clock, Store& store, Committer& committer,
                 TransactionQueue& queue, Revoker& revoker, After after)
        : clock_(clock),
          store_(store),
          committer_(committer),
          queue_(queue),
          revoker_(revoker),
          after_(std::move(after)) {}

    // The rules from now on. The first ones begin it.
    void use(std::shared_ptr<const Generation> generation);
    // What has begun is finished, no more begins.
    void drain() { draining_ = true; }

   private:
    struct Lapse;  // one certificate
    using LapsePtr = std::shared_ptr<Lapse>;

    void sweep();
    bool lapse(const Transaction& transaction);
    pki::Status prepare(Lapse& lapse, const Transaction& transaction) const;
    void on_lapsed(const LapsePtr& lapse, const pki::Status& status);
    void end_of_batch();
    void forget();
    void again(std::chrono::milliseconds delay);

    const Clock& clock_;
    Store& store_;
    Committer& committer_;
    TransactionQueue& queue_;
    Revoker& revoker_;
    const After after_;
    std::shared_ptr<const Generation> generation_;
    Decided forgetting_;
    std::size_t under_way_ = 0;
    bool more_ = false;    // this batch was a full one, and something came of it
    bool failed_ = false;  // something of it has to be tried again
    bool draining_ = false;
    Outage outage_{"store"};
};

}  // namespace signerd
