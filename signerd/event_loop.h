// One thread that waits for many descriptors (epoll, level-triggered) and for timers.
//
// A turn is: wait, run the handlers of what is ready and the timers that are due, run the
// hooks. Hooks are where work gathered during the turn is handed on in one go.
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "libpki/base/result.h"
#include "signerd/fd.h"

namespace signerd {

class EventLoop {
   public:
    using Handler = std::function<void(std::uint32_t events)>;
    using Action = std::function<void()>;

    static pki::Result<std::unique_ptr<EventLoop>> create();

    // `fd` stays the caller's and is forgotten before it is closed. A handler may forget any
    // descriptor, its own too.
    pki::Status watch(int fd, std::uint32_t events, Handler handler);
    void change(int fd, std::uint32_t events);
    void forget(int fd);

    // Once, in a later turn.
    void after(std::chrono::milliseconds delay, Action action);
    // At the end of every turn, in the order in which they were added.
    void each_turn(Action hook) { hooks_.push_back(std::move(hook)); }

    void run();
    // Ends this run after the turn, or the next one before its first.
    void stop() { stopped_ = true; }

   private:
    using Time = std::chrono::steady_clock::time_point;

    // The serial tells an event of a descriptor that was closed during this turn from one of
    // its successor with the same number.
    struct Watch {
        std::uint32_t serial = 0;
        Handler handler;
    };

    explicit EventLoop(Fd epoll) : epoll_(std::move(epoll)) {}
    void turn();
    int wait_milliseconds() const;
    void run_handler(const epoll_event& event);
    void run_timers();

    Fd epoll_;
    std::vector<std::shared_ptr<Watch>> watches_;  // by descriptor
    std::uint32_t serial_ = 0;
    std::multimap<Time, Action> timers_;
    std::vector<Action> hooks_;
    bool stopped_ = false;
};

}  // namespace signerd
