#include "signerd/refusals.h"

#include <utility>

#include "signerd/audit.h"

namespace signerd {

namespace {

constexpr std::chrono::seconds kPause{1};

}  // namespace

void Refusals::note(const Generation& generation, const Peer& peer, const pki::Error& error) {
    Pending& pending = pending_[peer.name];
    pending.latest = {};
    pending.latest.time = clock_.now();
    pending.latest.signerd = generation.config->id;
    pending.latest.peer = peer.name;
    record_refusal(pending.latest, error);
    pending.count++;
    if (!paused_) pause();
}

void Refusals::pause() {
    finish();
    paused_ = true;
    after_(kPause, [this] { end_of_pause(); });
}

void Refusals::end_of_pause() {
    paused_ = false;
    if (!pending_.empty()) pause();
}

void Refusals::finish() {
    for (auto& [peer, pending] : std::exchange(pending_, {})) commit(std::move(pending));
}

void Refusals::commit(Pending pending) {
    const auto decided = std::make_shared<Decided>();
    decided->audit = std::move(pending.latest);
    if (pending.count > 1)
        decided->audit.detail +=
            "; and " + std::to_string(pending.count - 1) + " more before it";
    make_fit(decided->audit);
    // A store that is away has its line in the log already; the refusal has one too.
    committer_.commit(*decided, [decided](const pki::Status&) {});
}

}  // namespace signerd
