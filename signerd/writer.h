// Decisions on their way to the store. A thread of its own commits them: while one batch is
// being made durable the next one gathers, and nobody waits for a batch to fill.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "signerd/event_loop.h"
#include "signerd/outage.h"
#include "signerd/store/store.h"

namespace signerd {

// What the issue path needs of it; tests put their own in its place.
class Committer {
   public:
    using Done = std::function<void(pki::Status status)>;

    virtual ~Committer() = default;
    // `done` runs on the event loop, in a later turn, when `decided` is durable or has failed.
    // Until then `decided` stays where it is and as it is.
    virtual void commit(const Decided& decided, Done done) = 0;
};

class Writer : public Committer {
   public:
    // The store outlives the writer. Signals must be blocked by now: the thread inherits that.
    static pki::Result<std::unique_ptr<Writer>> start(EventLoop& loop, Store& store);
    ~Writer() override;  // after what is queued is committed; completions are dropped

    void commit(const Decided& decided, Done done) override;
    // Hands what was gathered in this turn to the thread.
    void flush();
    std::size_t queued() const { return queued_; }
    // Transactions so far, and so how many decisions shared one.
    std::uint64_t transactions() const { return transactions_; }

   private:
    struct Item {
        const Decided* decided;
        Done done;
        pki::Status status;
    };
    using Items = std::vector<Item>;

    Writer(EventLoop& loop, Store& store, Fd event)
        : loop_(loop), store_(store), event_(std::move(event)) {}
    void work();
    Items take_batch();
    void commit_batch(Items& batch);
    void post(Items batch);
    void complete();

    EventLoop& loop_;
    Store& store_;
    Fd event_;
    Items gathered_;                  // the loop's
    std::size_t queued_ = 0;          // the loop's: not completed yet
    std::uint64_t transactions_ = 0;  // the loop's

    Outage outage_{"store"};  // the thread's

    std::mutex mutex_;  // guards the five below
    std::condition_variable wake_;
    Items waiting_;
    Items finished_;
    std::uint64_t finished_batches_ = 0;
    bool stopping_ = false;

    std::thread thread_;
};

}  // namespace signerd
