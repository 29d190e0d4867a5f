// Who serves CRLs and OCSP answers waits here for news: a request stays unanswered until there
// is some, or for wire::kWatchSeconds.
#pragma once

#include <chrono>
#include <functional>
#include <list>

#include "libpki/wire/revocation.h"
#include "signerd/crl_publisher.h"
#include "signerd/request.h"

namespace signerd {

class Watchers {
   public:
    using After = CrlPublisher::After;

    Watchers(Store& store, const CrlPublisher& crls, Replies& replies, After after)
        : store_(store), crls_(crls), replies_(replies), after_(std::move(after)) {}

    void watch(const Request& request);
    // There may be news: a certificate was revoked or released, a CRL was published.
    void notify();
    // Nobody waits any longer.
    void drain();

   private:
    using Time = std::chrono::steady_clock::time_point;

    struct Watcher {
        std::shared_ptr<const Generation> generation;
        const Peer* peer = nullptr;
        ReplyTo to;
        std::uint64_t change = 0;
        std::uint64_t crls = 0;
        Time until;
    };

    bool has_news(const Watcher& watcher, std::uint64_t change) const;
    void answer(const Watcher& watcher, std::uint64_t change);
    pki::Result<pki::Buffer> news(const Watcher& watcher, std::uint64_t change) const;
    void answer_if(const std::function<bool(const Watcher&)>& whom);
    void look();

    Store& store_;
    const CrlPublisher& crls_;
    Replies& replies_;
    const After after_;
    std::list<Watcher> waiting_;
    bool looking_ = false;
    bool draining_ = false;
};

}  // namespace signerd
