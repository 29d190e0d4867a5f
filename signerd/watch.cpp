#include "signerd/watch.h"

#include "libpki/base/base64.h"
#include "signerd/peer.h"
#include "signerd/reply.h"

namespace signerd {

namespace wire = pki::wire;
namespace limits = pki::limits;

namespace {

constexpr std::chrono::seconds kLook{1};

// What a WatchReply points into.
struct News {
    std::vector<pki::Buffer> serials;
    std::vector<pki::Buffer> crls;
};

pki::Status add_serials(Store& store, std::uint64_t after, News& news,
                        wire::WatchReply& reply) {
    PKI_TRY(const auto changes, store.changes(after, limits::kChanges));
    for (const Change& change : changes) {
        PKI_TRY(pki::Buffer serial, pki::hex_decode(change.serial));
        news.serials.push_back(std::move(serial));
        reply.change = change.number;
    }
    reply.serials = {news.serials.begin(), news.serials.end()};
    return {};
}

pki::Status add_crls(const Generation& generation, const Peer& peer, const CrlPublisher& crls,
                     News& news, wire::WatchReply& reply) {
    for (const CrlRecord& record : crls.newest()) {
        if (!may_ask_about(peer, *generation.config, record.ca)) continue;
        if (news.crls.size() == limits::kCrls) break;
        PKI_TRY(pki::Buffer name, wire::encode_crl_name({record.ca, record.partition,
                                                         record.delta, record.number}));
        news.crls.push_back(std::move(name));
    }
    reply.crls = {news.crls.begin(), news.crls.end()};
    return {};
}

}  // namespace

void Watchers::watch(const Request& request) {
    const auto asked = wire::decode<wire::WatchRequest>(request.frame);
    const auto change = store_.last_change();
    if (!asked) return replies_.send(request.to, error_frame(asked.error(), request.to.id));
    if (!change) return replies_.send(request.to, error_frame(change.error(), request.to.id));
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::seconds(wire::kWatchSeconds);
    const Watcher watcher{request.generation, request.peer, request.to,
                          asked->change,      asked->crls,  until};
    // Those whose connection has ended wait here as well, until their time is over.
    const bool crowded = waiting_.size() >= request.generation->config->limits.connections;
    if (draining_ || crowded || has_news(watcher, *change)) return answer(watcher, *change);
    waiting_.push_back(watcher);
    if (!std::exchange(looking_, true)) after_(kLook, [this] { look(); });
}

bool Watchers::has_news(const Watcher& watcher, std::uint64_t change) const {
    return watcher.change != change || watcher.crls != crls_.version();
}

void Watchers::notify() {
    const auto change = store_.last_change();
    if (!change) return;  // the next second brings it
    answer_if([&](const Watcher& watcher) { return has_news(watcher, *change); });
}

void Watchers::drain() {
    draining_ = true;
    answer_if([](const Watcher&) { return true; });
}

void Watchers::look() {
    looking_ = false;
    const auto now = std::chrono::steady_clock::now();
    answer_if([&](const Watcher& watcher) { return now >= watcher.until; });
    notify();
    if (waiting_.empty()) return;
    looking_ = true;
    after_(kLook, [this] { look(); });
}

void Watchers::answer_if(const std::function<bool(const Watcher&)>& whom) {
    const auto change = store_.last_change();
    for (auto watcher = waiting_.begin(); watcher != waiting_.end();) {
        const auto next = std::next(watcher);
        if (whom(*watcher)) {
            answer(*watcher, change ? *change : watcher->change);
            waiting_.erase(watcher);
        }
        watcher = next;
    }
}

void Watchers::answer(const Watcher& watcher, std::uint64_t change) {
    auto frame = news(watcher, change);
    replies_.send(watcher.to,
                  frame ? *std::move(frame) : error_frame(frame.error(), watcher.to.id));
}

// Who is too far behind, or comes from another store, forgets what he knows.
pki::Result<pki::Buffer> Watchers::news(const Watcher& watcher, std::uint64_t change) const {
    News news;
    wire::WatchReply reply;
    reply.change = change;
    reply.crls_version = crls_.version();
    reply.everything =
        watcher.change != change && (watcher.change == 0 || watcher.change > change ||
                                     change - watcher.change > limits::kChanges);
    if (!reply.everything && watcher.change != change)
        PKI_CHECK(add_serials(store_, watcher.change, news, reply));
    if (watcher.crls != reply.crls_version)
        PKI_CHECK(add_crls(*watcher.generation, *watcher.peer, crls_, news, reply));
    return wire::encode(reply, watcher.to.id);
}

}  // namespace signerd
