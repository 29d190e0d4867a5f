#include "signerd/outside/client.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "signerd/keys/protocol.h"
#include "signerd/log.h"

namespace signerd {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A service that does not answer must not let memory fill up.
constexpr std::size_t kMaxQuestions = 1024;
constexpr std::size_t kMaxNotices = 256;
constexpr int kLongestPause = 6;  // doublings
// How often the log says how many notices were dropped.
constexpr seconds kDropReport{5};

bool try_again() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

pki::Error unavailable(const char* why) { return fail(Errc::unavailable, why); }

}  // namespace

OutsideClient::OutsideClient(EventLoop& loop, std::optional<OutsideKeeper> keeper,
                             Patience patience)
    : loop_(loop), keeper_(std::move(keeper)), patience_(patience) {
    if (keeper_) watch_keeper();
}

OutsideClient::~OutsideClient() {
    for (const auto& [number, link] : links_) loop_.forget(link->socket.get());
    links_.clear();
    if (!keeper_) return;
    loop_.forget(keeper_->socket.get());
    end_outside_keeper(*std::move(keeper_));
}

const char* OutsideClient::state() const {
    if (config_.challenges.empty()) return "unused";
    const auto link = links_.find(current_);
    if (link == links_.end()) return "down";
    return link->second->pid != 0 ? "ready" : "starting";
}

// It says nothing, so that whatever happens at its socket is the end.
void OutsideClient::watch_keeper() {
    const auto status =
        loop_.watch(keeper_->socket.get(), EPOLLIN, [this](std::uint32_t) { keeper_lost(); });
    if (!status) log(Level::error, "outside keeper: %s", status.error().message().c_str());
}

// It was started before rights were given up that nobody can take again.
void OutsideClient::keeper_lost() {
    loop_.forget(keeper_->socket.get());
    end_outside_keeper(*std::exchange(keeper_, std::nullopt));
    log(Level::error,
        "the keeper of the outside child ended: nobody outside is asked until signerd is "
        "restarted");
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, link] : links_) numbers.push_back(number);
    for (const std::uint64_t number : numbers) lost(number, "its keeper ended");
}

void OutsideClient::use(const OutsideConfig& config) {
    config_ = config;
    facts_ = facts_of(config);
    failures_ = 0;
    current_ = 0;
    close_retired();
    if (!config_.challenges.empty()) start();
}

void OutsideClient::start() {
    if (current_ != 0 || config_.challenges.empty() || !keeper_) return;
    auto socket = keeper_->start_child();
    const std::uint64_t number = ++last_link_;
    auto status =
        socket ? loop_.watch(socket->get(), EPOLLIN,
                             [this, number](std::uint32_t events) { on_event(number, events); })
               : pki::Status(socket.error());
    if (!status) {
        log(Level::error, "outside child: %s", status.error().message().c_str());
        return start_later();
    }
    links_[number] = std::make_unique<Link>();
    links_[number]->socket = *std::move(socket);
    current_ = number;
    loop_.after(patience_.start, [this, number] {
        const auto link = links_.find(number);
        if (link != links_.end() && link->second->pid == 0) lost(number, "it is not ready");
    });
}

void OutsideClient::start_later() {
    if (std::exchange(pausing_, true)) return;
    const int pause = std::min(failures_++, kLongestPause);
    loop_.after(patience_.pause * (1 << pause), [this] {
        pausing_ = false;
        start();
    });
}

void OutsideClient::ask(const OutsideQuestion& question, Done done) {
    add(question, false, std::move(done));
}

void OutsideClient::tell(const OutsideQuestion& question) {
    const std::string name(question.challenge);
    const auto rules = config_.challenges.find(name);
    if (rules == config_.challenges.end() || !wants_notices(rules->second)) return;
    if (notices_ >= kMaxNotices) return drop();
    add(question, true, [name](const pki::Status& status) {
        if (!status)
            log(Level::warning, "challenge %s: not told of an outcome: %s", name.c_str(),
                status.error().message().c_str());
    });
}

void OutsideClient::add(const OutsideQuestion& question, bool notice, Done done) {
    const auto rules = config_.challenges.find(std::string(question.challenge));
    const std::uint64_t id = ++last_id_;
    auto frame = wire::encode(question, id);
    pki::Status status;
    if (!keeper_ || rules == config_.challenges.end())
        status = unavailable("nobody outside can be asked");
    else if (jobs_.size() >= kMaxQuestions)
        status = unavailable("too many questions wait for an answer from outside");
    else if (!frame)
        status =
            fail(Errc::denied, "too large to be asked about outside", frame.error().message());
    if (!status) return loop_.after({}, [done = std::move(done), status] { done(status); });
    Job& job = jobs_[id] = {*std::move(frame), std::move(done), notice};
    notices_ += notice;
    submit(job);
    loop_.after(seconds(timeout_of(rules->second)) + patience_.more,
                [this, id] { expire(id); });
}

void OutsideClient::submit(Job& job) {
    const auto link = links_.find(current_);
    if (link == links_.end() || link->second->pid == 0) return;
    job.link = current_;
    pki::append(link->second->output, job.frame);
    job.frame = {};
}

void OutsideClient::flush() {
    for (const auto& [number, link] : links_) {
        if (link->writing || link->output.empty()) continue;
        const ssize_t size =
            ::send(link->socket.get(), link->output.data(), link->output.size(), MSG_NOSIGNAL);
        if (size < 0 && !try_again()) continue;  // its end is an event of its own
        link->output.erase(link->output.begin(),
                           link->output.begin() + std::max<ssize_t>(size, 0));
        link->writing = !link->output.empty();
        if (link->writing) loop_.change(link->socket.get(), EPOLLIN | EPOLLOUT);
    }
}

void OutsideClient::on_event(std::uint64_t number, std::uint32_t events) {
    Link& link = *links_.at(number);
    if (events & EPOLLOUT) {
        link.writing = false;
        loop_.change(link.socket.get(), EPOLLIN);
        flush();
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(number);
}

void OutsideClient::receive(std::uint64_t number) {
    Link& link = *links_.at(number);
    const auto room = link.input.room();
    const ssize_t size = recv(link.socket.get(), room.data(), room.size(), 0);
    if (size < 0 && try_again()) return;
    if (size <= 0) return lost(number, "it ended");
    link.input.filled(static_cast<std::size_t>(size));
    while (true) {
        const auto bytes = link.input.next();
        if (bytes && bytes->empty()) break;
        const auto status = bytes ? take(number, link, *bytes) : pki::Status(bytes.error());
        if (!status) return lost(number, status.error().message());
    }
    close_retired();
}

pki::Status OutsideClient::take(std::uint64_t number, Link& link, pki::Bytes bytes) {
    PKI_TRY(const auto frame, parse_key_frame(bytes));
    if (link.pid == 0) {
        PKI_TRY(const auto ready, wire::decode<OutsideReady>(frame));
        if (!pki::equal(ready.facts, facts_) || ready.pid == 0)
            return unavailable("it has read another configuration; reload to take it over");
        become_ready(number, link, ready);
        return {};
    }
    // One that is not there any more had waited too long; one of another child it cannot end.
    const auto job = jobs_.find(frame.header.id);
    if (job == jobs_.end() || job->second.link != number) return {};
    failures_ = 0;
    end_job(frame.header.id, status_in(frame));
    return {};
}

void OutsideClient::become_ready(std::uint64_t number, Link& link, const OutsideReady& ready) {
    link.pid = static_cast<pid_t>(ready.pid);
    log(Level::notice, "outside child %d ready", link.pid);
    if (number != current_) return;
    for (auto& [id, job] : jobs_)
        if (job.link == 0) {
            job.late = true;
            submit(job);
        }
    flush();
}

void OutsideClient::lost(std::uint64_t number, const std::string& why) {
    log(Level::error, "outside child lost (%d): %s", links_.at(number)->pid, why.c_str());
    close(number);
    std::vector<std::uint64_t> asked;
    for (const auto& [id, job] : jobs_)
        if (job.link == number) asked.push_back(id);
    for (const std::uint64_t id : asked) end_job(id, unavailable("the outside child was lost"));
    if (number != current_) return;
    current_ = 0;
    start_later();
}

// One that hangs does not see the end of its socket.
void OutsideClient::close(std::uint64_t number) {
    const LinkPtr link = std::move(links_.extract(number).mapped());
    loop_.forget(link->socket.get());
    if (keeper_ && link->pid != 0) keeper_->end_child(link->pid);
}

// Those of earlier configurations that have nothing to answer any more.
void OutsideClient::close_retired() {
    std::vector<std::uint64_t> done;
    for (const auto& [number, link] : links_) {
        const bool asked = std::ranges::any_of(
            jobs_, [&, own = number](const auto& entry) { return entry.second.link == own; });
        if (number != current_ && !asked) done.push_back(number);
    }
    for (const std::uint64_t number : done) close(number);
}

// A child that was asked ends its requests in time itself, unless it hangs: which is not known
// of one that had not the whole time.
void OutsideClient::expire(std::uint64_t id) {
    const auto job = jobs_.find(id);
    if (job == jobs_.end()) return;
    const auto [link, late] = std::pair(job->second.link, job->second.late);
    if (link != 0 && !late) return lost(link, "it does not answer");
    end_job(id, unavailable(late ? "the outside child was ready too late"
                                 : "there is no outside child"));
}

void OutsideClient::end_job(std::uint64_t id, const pki::Status& verdict) {
    const auto job = jobs_.extract(id);
    notices_ -= job.mapped().notice;
    job.mapped().done(verdict);
}

void OutsideClient::drop() {
    if (dropped_++ > 0) return;
    loop_.after(kDropReport, [this] {
        log(Level::warning, "%zu outcomes not told outside: too many wait",
            std::exchange(dropped_, 0));
    });
}

}  // namespace signerd
