// Work that would hold up the event loop: a thread does it, one piece after the other.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "signerd/event_loop.h"

namespace signerd {

class Background {
   public:
    using Work = std::function<void()>;
    using Done = std::function<void()>;

    // Signals must be blocked by now: the thread inherits that.
    static pki::Result<std::unique_ptr<Background>> start(EventLoop& loop);
    // When the piece under way is done; the others, and completions, are dropped.
    ~Background();

    // `work` runs in the thread and does not throw, `done` on the event loop after it.
    void run(Work work, Done done);

   private:
    struct Item {
        Work work;
        Done done;
    };

    Background(EventLoop& loop, Fd event) : loop_(loop), event_(std::move(event)) {}
    void serve();
    void complete();

    EventLoop& loop_;
    Fd event_;

    std::mutex mutex_;  // guards the three below
    std::condition_variable wake_;
    std::deque<Item> waiting_;
    std::vector<Done> finished_;
    bool stopping_ = false;

    std::thread thread_;
};

}  // namespace signerd
