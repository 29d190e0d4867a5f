#include "signerd/refusals.h"

#include <utility>

#include "signerd/audit.h"

namespace signerd {

namespace {

constexpr std::chrono::seconds kPause{1};

}  // namespace

void Refusals::note(const Generation& generation, const Peer& peer, const pki::Error& error) {
    latest_ = {};
    latest_.time = clock_.now();
    latest_.signerd = generation.config->id;
    latest_.peer = peer.name;
    record_refusal(latest_, error);
    count_++;
    if (!paused_) commit();
}

void Refusals::commit() {
    const auto decided = std::make_shared<Decided>();
    decided->audit = std::move(latest_);
    if (const std::size_t more = std::exchange(count_, 0) - 1; more != 0)
        decided->audit.detail += "; and " + std::to_string(more) + " more before it";
    make_fit(decided->audit);
    paused_ = true;
    // A store that is away has its line in the log already; the refusal has one too.
    committer_.commit(*decided, [decided](const pki::Status&) {});
    after_(kPause, [this] { end_of_pause(); });
}

void Refusals::end_of_pause() {
    paused_ = false;
    if (count_ != 0) commit();
}

}  // namespace signerd
