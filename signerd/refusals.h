// Frames that are turned away before they are requests: a peer that may not ask this, a frame
// that is none. They are audited like other denials, but whoever sends them cannot fill the
// store: at most one record a second for each peer, which says how many more there were.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "signerd/clock.h"
#include "signerd/generation.h"
#include "signerd/writer.h"

namespace signerd {

class Refusals {
   public:
    // Runs an action once, after a delay: EventLoop::after().
    using After = std::function<void(std::chrono::milliseconds delay, std::function<void()>)>;

    Refusals(const Clock& clock, Committer& committer, After after)
        : clock_(clock), committer_(committer), after_(std::move(after)) {}

    void note(const Generation& generation, const Peer& peer, const pki::Error& error);
    // Hands on what waits for the end of a pause. Before the committer ends.
    void finish();

   private:
    struct Pending {
        AuditRecord latest;
        std::size_t count = 0;  // with the latest
    };

    void end_of_pause();
    void pause();
    void commit(Pending pending);

    const Clock& clock_;
    Committer& committer_;
    After after_;
    std::map<std::string, Pending> pending_;  // not recorded yet, by peer
    bool paused_ = false;
};

}  // namespace signerd
