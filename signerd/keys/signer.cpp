#include "signerd/keys/signer.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "signerd/keys/protocol.h"
#include "signerd/log.h"

namespace signerd {

namespace wire = pki::wire;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Jobs go to the child in groups of this size within a turn: it signs while we verify.
constexpr std::size_t kGroup = 16;
// A request that takes a child down with it must not do so for ever.
constexpr int kAttempts = 3;
// Longer than a signature with any key takes; then the child hangs, or there is none.
constexpr seconds kPatience{10};
constexpr milliseconds kFirstPause{100};
constexpr int kLongestPause = 6;  // doublings: 6.4 seconds

pki::Error unavailable(const char* why) {
    return pki::fail(pki::Errc::unavailable, why);
}

bool try_again() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

// What the child said; its refusal of a TBS is our fault or an attack, never the client's.
pki::Error refusal_in(const wire::Frame& frame) {
    const auto reply = wire::decode<wire::ErrorReply>(frame);
    if (!reply) return pki::fail(pki::Errc::internal, "key child: bad answer");
    const bool again = reply->code == pki::Errc::unavailable;
    return pki::fail(again ? pki::Errc::unavailable : pki::Errc::internal, "key child refuses",
                     std::string(reply->text));
}

pki::Result<pki::ossl::Sha256> facts_in(const wire::Frame& frame) {
    const auto reply = wire::decode<LoadReply>(frame);
    pki::ossl::Sha256 facts{};
    if (!reply || reply->facts.size() != facts.size()) return refusal_in(frame);
    std::ranges::copy(reply->facts, facts.begin());
    return facts;
}

pki::Result<pki::Buffer> signature_in(const wire::Frame& frame) {
    const auto reply = wire::decode<SignReply>(frame);
    if (!reply) return refusal_in(frame);
    return pki::to_buffer(reply->signature);
}

}  // namespace

ChildSigner::~ChildSigner() {
    if (!process_) return;
    loop_.forget(process_->socket.get());
    end_key_process(*std::move(process_));
}

const char* ChildSigner::state() const {
    if (!process_) return "down";
    return ready_ ? "ready" : "loading";
}

void ChildSigner::load(std::uint64_t generation, Loaded loaded) {
    if (!process_) {
        if (auto status = start(); !status) return loaded(std::move(status).error());
        if (current_ != 0) load_current();
    }
    request_load(generation, std::move(loaded));
}

void ChildSigner::use(std::uint64_t generation, const pki::ossl::Sha256& facts) {
    current_ = generation;
    facts_ = facts;
    become_ready();
}

pki::Status ChildSigner::start() {
    PKI_TRY(process_, start_key_process(config_path_));
    child_++;
    input_ = {};
    output_.clear();
    gathered_ = 0;
    writing_ = false;
    auto status = loop_.watch(process_->socket.get(), EPOLLIN,
                              [this](std::uint32_t events) { on_event(events); });
    if (!status) end_key_process(*std::exchange(process_, std::nullopt));
    return status;
}

void ChildSigner::start_again() {
    if (process_) return;
    if (const auto status = start(); !status) return lost(status.error().message());
    load_current();
}

// Not while a reload is on its way: the child keeps two generations, and this would put its
// new one out.
void ChildSigner::load_current() {
    if (!process_ || ready_ || !loads_.empty()) return;
    request_load(current_, [this](const auto& facts) { current_loaded(facts); });
}

// The files may have changed since this generation was made: what the front has in memory and
// what a new child reads must be one and the same.
void ChildSigner::current_loaded(const pki::Result<pki::ossl::Sha256>& facts) {
    if (!process_ || ready_) return;
    if (facts && *facts == facts_) {
        log(Level::notice, "key child %d ready", process_->pid);
        return become_ready();
    }
    log(Level::error, "key child cannot sign: %s",
        facts ? "configuration or certificates have changed; reload to take them over"
              : facts.error().message().c_str());
    loop_.after(kPatience, [this] { load_current(); });
}

void ChildSigner::request_load(std::uint64_t generation, Loaded loaded) {
    const std::uint64_t id = ++last_id_;
    const auto frame = wire::encode(LoadRequest{generation, current_}, id);
    if (!frame) return loaded(frame.error());
    loads_.emplace(id, std::move(loaded));
    pki::append(output_, *frame);
    flush();
}

void ChildSigner::sign(std::uint64_t generation, const std::string& ca, pki::Bytes tbs,
                       Done done) {
    const std::uint64_t id = ++last_id_;
    auto frame = wire::encode(SignRequest{generation, ca, tbs}, id);
    if (!frame)
        return loop_.after({},
                           [done = std::move(done), error = frame.error()] { done(error); });
    Job& job = jobs_[id];
    job.frame = *std::move(frame);
    job.done = std::move(done);
    job.since = steady_clock::now();
    if (ready_) submit(job);
    if (!std::exchange(watching_age_, true)) loop_.after(seconds(1), [this] { watch_age(); });
}

void ChildSigner::submit(Job& job) {
    pki::append(output_, job.frame);
    job.child = child_;
    job.attempts++;
    if (++gathered_ >= kGroup) flush();
}

void ChildSigner::become_ready() {
    ready_ = true;
    for (auto& [id, job] : jobs_)
        if (job.child != child_) submit(job);
    flush();
}

void ChildSigner::flush() {
    gathered_ = 0;
    if (!process_ || writing_ || output_.empty()) return;
    const ssize_t size =
        ::send(process_->socket.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
    if (size < 0 && !try_again()) return;  // the end of the child is an event of its own
    output_.erase(output_.begin(), output_.begin() + std::max<ssize_t>(size, 0));
    if (output_.empty()) return;
    writing_ = true;
    loop_.change(process_->socket.get(), EPOLLIN | EPOLLOUT);
}

void ChildSigner::on_event(std::uint32_t events) {
    if (events & EPOLLOUT) {
        writing_ = false;
        loop_.change(process_->socket.get(), EPOLLIN);
        flush();
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive();
}

void ChildSigner::receive() {
    const auto room = input_.room();
    const ssize_t size = recv(process_->socket.get(), room.data(), room.size(), 0);
    if (size < 0 && try_again()) return;
    if (size <= 0) return lost("it ended");
    input_.filled(static_cast<std::size_t>(size));
    while (true) {
        const auto bytes = input_.next();
        if (bytes && bytes->empty()) return;
        const auto status = bytes ? take_answer(*bytes) : pki::Status(bytes.error());
        if (!status) return lost(status.error().message());
    }
}

pki::Status ChildSigner::take_answer(pki::Bytes bytes) {
    PKI_TRY(const auto frame, parse_key_frame(bytes));
    if (auto load = loads_.extract(frame.header.id)) {
        load.mapped()(facts_in(frame));
        return {};
    }
    // One that is not there any more had waited too long.
    if (auto job = jobs_.extract(frame.header.id)) {
        auto signature = signature_in(frame);
        if (signature) failures_ = 0;
        job.mapped().done(std::move(signature));
    }
    return {};
}

void ChildSigner::lost(const std::string& why) {
    const int pause = std::min(failures_++, kLongestPause);
    std::string how = "not started";
    if (process_) {
        loop_.forget(process_->socket.get());
        how = std::to_string(process_->pid) + ", ";
        how += end_key_process(*std::exchange(process_, std::nullopt));
    }
    log(Level::error, "key child lost (%s): %s", how.c_str(), why.c_str());
    ready_ = false;
    for (auto& [id, loaded] : std::exchange(loads_, {}))
        loaded(unavailable("the key child ended while it read the keys"));
    fail_jobs([](const Job& job) { return job.attempts >= kAttempts; },
              "several key children ended with it");
    if (current_ != 0) loop_.after(kFirstPause * (1 << pause), [this] { start_again(); });
}

void ChildSigner::fail_jobs(const std::function<bool(const Job&)>& which, const char* why) {
    std::vector<Done> failed;
    for (auto job = jobs_.begin(); job != jobs_.end();) {
        const auto next = std::next(job);
        if (which(job->second)) failed.push_back(std::move(jobs_.extract(job).mapped().done));
        job = next;
    }
    for (const Done& done : failed) done(unavailable(why));
}

void ChildSigner::watch_age() {
    const Time limit = steady_clock::now() - kPatience;
    const auto too_old = [&](const Job& job) { return job.since < limit; };
    const bool hangs = std::ranges::any_of(jobs_, [&](const auto& entry) {
        return too_old(entry.second) && entry.second.child == child_;
    });
    fail_jobs(too_old, "the key child does not answer");
    if (hangs && process_) lost("it does not answer");
    watching_age_ = !jobs_.empty();
    if (watching_age_) loop_.after(seconds(1), [this] { watch_age(); });
}

}  // namespace signerd
