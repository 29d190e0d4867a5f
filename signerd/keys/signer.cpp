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
// How often it is looked whether somebody has waited for too long.
constexpr seconds kLook{1};
constexpr milliseconds kFirstPause{100};
constexpr int kLongestPause = 6;  // doublings: 6.4 seconds
constexpr char kUnable[] = "the key child cannot load the configuration in use";

pki::Error unavailable(const char* why) { return pki::fail(pki::Errc::unavailable, why); }

bool try_again() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

// What the child said; its refusal of a TBS is our fault or an attack, never the client's.
// not_found is a key that it has no more, or not yet.
pki::Error refusal_in(const wire::Frame& frame) {
    const auto reply = wire::decode<wire::ErrorReply>(frame);
    if (!reply) return pki::fail(pki::Errc::internal, "key child: bad answer");
    const bool told =
        reply->code == pki::Errc::unavailable || reply->code == pki::Errc::not_found;
    return pki::fail(told ? reply->code : pki::Errc::internal, "key child refuses",
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

// Of the parts of a CRL; nothing where the child goes on.
pki::Result<pki::Buffer> crl_answer_in(const wire::Frame& frame) {
    if (wire::decode<CrlContinue>(frame)) return pki::Buffer{};
    return signature_in(frame);
}

pki::Result<pki::Buffer> public_key_in(const wire::Frame& frame) {
    const auto reply = wire::decode<ResponderKeyReply>(frame);
    if (!reply) return refusal_in(frame);
    return pki::to_buffer(reply->spki);
}

}  // namespace

ChildSigner::~ChildSigner() {
    if (!process_) return;
    loop_.forget(process_->socket.get());
    end_key_process(*std::move(process_));
}

const char* ChildSigner::state() const {
    if (!process_) return "down";
    if (ready_) return "ready";
    return unable_ ? "unable" : "loading";
}

void ChildSigner::load(std::uint64_t generation, std::size_t cas, Loaded loaded) {
    if (!process_) {
        if (auto status = start(); !status) return loaded(std::move(status).error());
        if (current_ != 0) load_current();
    }
    request_load(generation, cas, std::move(loaded));
}

void ChildSigner::use(std::uint64_t generation, std::size_t cas,
                      const pki::ossl::Sha256& facts) {
    current_ = generation;
    current_cas_ = cas;
    facts_ = facts;
    become_ready();
}

pki::Status ChildSigner::start() {
    PKI_TRY(process_, start_key_process(config_path_));
    child_++;
    heard_ = steady_clock::now();
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
    if (!process_ || ready_) return;
    if (!loads_.empty()) return retry_current();
    request_load(current_, current_cas_, [this](const auto& facts) { current_loaded(facts); });
}

// The files may have changed since this generation was made: what the front has in memory and
// what a new child reads must be one and the same. Until they are nothing can be signed, which
// may last until somebody repairs a file: nobody is kept waiting for that.
void ChildSigner::current_loaded(const pki::Result<pki::ossl::Sha256>& facts) {
    if (ready_) return;
    if (facts && *facts == facts_) {
        log(Level::notice, "key child %d ready", process_->pid);
        return become_ready();
    }
    unable_ = true;
    log(Level::error, "key child cannot sign: %s",
        facts ? "configuration or certificates have changed; reload to take them over"
              : facts.error().message().c_str());
    fail_jobs([](const Job&) { return true; }, kUnable);
    retry_current();
}

void ChildSigner::retry_current() {
    if (std::exchange(retrying_, true)) return;
    loop_.after(patience_.retry, [this] {
        retrying_ = false;
        load_current();
    });
}

void ChildSigner::request_load(std::uint64_t generation, std::size_t cas, Loaded loaded) {
    const std::uint64_t id = ++last_id_;
    const auto frame = wire::encode(LoadRequest{generation, current_}, id);
    if (!frame) return loaded(frame.error());
    const auto patience = patience_.load + cas * patience_.load_each_ca;
    loads_.emplace(id, Load{std::move(loaded), steady_clock::now(), patience});
    pki::append(output_, *frame);
    flush();
    watch();
}

void ChildSigner::sign(std::uint64_t generation, const std::string& ca, pki::Bytes tbs,
                       Done done) {
    ask(SignRequest{generation, ca, tbs}, signature_in, std::move(done));
}

void ChildSigner::responder_key(std::uint64_t generation, const std::string& ca, bool fresh,
                                Done done) {
    ask(ResponderKeyRequest{generation, ca, fresh}, public_key_in, std::move(done));
}

void ChildSigner::sign_responder(std::uint64_t generation, const std::string& ca,
                                 pki::Bytes tbs, Done done) {
    ask(SignResponderRequest{generation, ca, tbs}, signature_in, std::move(done));
}

void ChildSigner::sign_ocsp(std::uint64_t generation, const std::string& ca,
                            pki::Bytes response_data, Done done) {
    ask(SignOcspRequest{generation, ca, response_data}, signature_in, std::move(done));
}

void ChildSigner::sign_ra(std::uint64_t generation, const std::string& ca, pki::Bytes tbs,
                          Done done) {
    ask(SignRaRequest{generation, ca, tbs}, signature_in, std::move(done));
}

template <class Message>
void ChildSigner::ask(const Message& message, Content content, Done done) {
    const std::uint64_t id = ++last_id_;
    add(id, wire::encode(message, id),
        {.frame = {}, .content = content, .done = std::move(done)});
}

void ChildSigner::sign_crl(std::uint64_t generation, const std::string& ca, std::uint64_t size,
                           Read read, Done done) {
    crls_.add({generation, ca, size, std::move(read), std::move(done)});
}

void ChildSigner::ask_crl(const CrlStream::Encode& message, Done done) {
    const std::uint64_t id = ++last_id_;
    add(id, message(id),
        {.frame = {}, .content = crl_answer_in, .done = std::move(done), .once = true});
}

void ChildSigner::add(std::uint64_t id, pki::Result<pki::Buffer> frame, Job job) {
    if (unable_) frame = unavailable(kUnable);
    if (!frame)
        return loop_.after(
            {}, [done = std::move(job.done), error = frame.error()] { done(error); });
    job.frame = *std::move(frame);
    job.since = steady_clock::now();
    Job& waiting = jobs_[id] = std::move(job);
    if (ready_) submit(waiting);
    watch();
}

void ChildSigner::submit(Job& job) {
    pki::append(output_, job.frame);
    job.child = child_;
    job.attempts++;
    if (++gathered_ >= kGroup) flush();
}

void ChildSigner::become_ready() {
    ready_ = true;
    unable_ = false;
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
    heard_ = steady_clock::now();
    if (auto load = loads_.extract(frame.header.id)) {
        load.mapped().loaded(facts_in(frame));
        return {};
    }
    // One that is not there any more had waited too long.
    if (auto job = jobs_.extract(frame.header.id)) {
        auto content = job.mapped().content(frame);
        if (content) failures_ = 0;
        job.mapped().done(std::move(content));
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
    for (auto& [id, load] : std::exchange(loads_, {}))
        load.loaded(pki::fail(pki::Errc::unavailable,
                              "the key child was lost while it read the keys", why));
    fail_jobs([](const Job& job) { return job.once && job.attempts > 0; },
              "the key child was lost");
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

// The child works in order: what it has not come to yet is not what it hangs in.
bool ChildSigner::hangs(Time now) const {
    if (!process_) return false;
    const auto quiet = [&](Time since) { return now - std::max(since, heard_); };
    if (!loads_.empty()) {
        const Load& load = loads_.begin()->second;
        return quiet(load.since) > load.patience;
    }
    return std::ranges::any_of(jobs_, [&](const auto& entry) {
        const Job& job = entry.second;
        return job.child == child_ && quiet(job.since) > patience_.request;
    });
}

void ChildSigner::watch() {
    if (!std::exchange(watching_, true)) loop_.after(kLook, [this] { look(); });
}

void ChildSigner::look() {
    const Time now = steady_clock::now();
    const bool hanging = hangs(now);
    watching_ = false;
    if (hanging) lost("it does not answer");  // first: a CRL that follows is for the next one
    fail_jobs([&](const Job& job) { return now - job.since > patience_.request; },
              "the key child does not answer");
    if (!jobs_.empty() || !loads_.empty()) watch();
}

}  // namespace signerd
