#include "ngx_common/report.h"

#include <algorithm>
#include <stdexcept>

#include "libpki/ossl/digest.h"
#include "ngx_common/guard.h"
#include "ngx_common/report_blocking.h"

namespace ngx_enroll {

namespace wire = pki::wire;

namespace {

// How long a decision waits for others to share its batch.
constexpr ngx_msec_t kFlush = 1000;

// A flood of refusals may not fill the store: kCredits batches at once, then one for each
// kRefill. With limits::kReported of 64 that is a burst of 1024 records and 64 a second.
constexpr std::size_t kCredits = 16;
constexpr ngx_msec_t kRefill = 1000;

constexpr ngx_msec_t kFirstPause = 1000;  // after every server has failed, doubled each time
constexpr ngx_msec_t kLongestPause = 30000;

// A worker that ends waits for its reports, and tries more often.
constexpr ngx_msec_t kEnd = 5000;
constexpr ngx_msec_t kEndPause = 100;

// exit_process holds up nginx -s stop for no longer than this.
constexpr std::chrono::milliseconds kLastAttempt{200};

constexpr ngx_msec_t kComplaints = 60000;  // one line of the error log in this time

// Has the moment come? Milliseconds of nginx wrap around.
bool reached(ngx_msec_t moment) {
    return static_cast<ngx_msec_int_t>(ngx_current_msec - moment) >= 0;
}

ngx_msec_t pause_after(std::size_t rounds) {
    const std::size_t doublings = std::min<std::size_t>(rounds, 6) - 1;
    return std::min(kFirstPause << doublings, kLongestPause);
}

}  // namespace

void Reporter::Gap::add(std::int64_t time) { add(Gap{1, time, time}); }

void Reporter::Gap::add(const Gap& other) {
    if (other.count == 0) return;
    from = count == 0 ? other.from : std::min(from, other.from);
    to = count == 0 ? other.to : std::max(to, other.to);
    count += other.count;
}

Reporter::Reporter(const ngx_http_upstream_srv_conf_t& signer)
    : signer_(signer),
      servers_(signer_servers(signer)),
      name_(pki::limits::kReporter),
      credits_(kCredits),
      refilled_(ngx_current_msec) {
    if (!pki::ossl::random_bytes(name_)) throw std::runtime_error("no random bytes");
    timer_owner_.fd = static_cast<ngx_socket_t>(-1);
    timer_owner_.data = this;
    timer_.data = &timer_owner_;
    timer_.handler = on_timer;
    timer_.log = ngx_cycle->log;
}

Reporter::~Reporter() {
    if (timer_.timer_set) ngx_del_timer(&timer_);
}

void Reporter::add(const wire::ReportedDecision& decision) {
    if (held() >= kWaiting) {
        gap_.add(decision.time);
        complain(NGX_LOG_WARN, "there are too many");
        return;
    }
    auto encoded = wire::encode_decision(decision);
    if (!encoded) throw std::runtime_error(encoded.error().message());
    waiting_.push_back({decision.time, *std::move(encoded)});
    // A full batch need not wait; the event loop sends it, this may be deep in a request.
    const bool full = waiting_.size() == pki::limits::kReported && batch_.frame.empty();
    if (!timer_.timer_set || full) arm(full ? 1 : kFlush);
}

void Reporter::arm(ngx_msec_t delay) {
    if (timer_.timer_set) ngx_del_timer(&timer_);
    ngx_add_timer(&timer_, delay);
}

void Reporter::on_timer(ngx_event_t* event) {
    auto* owner = static_cast<ngx_connection_t*>(event->data);
    auto& reporter = *static_cast<Reporter*>(owner->data);
    guarded(ngx_cycle->log, 0, [&] {
        reporter.tick();
        return 0;
    });
    guarded(ngx_cycle->log, 0, [&] {
        reporter.settle_timer();
        return 0;
    });
}

void Reporter::tick() {
    note_end();
    if (ending_ && reached(end_)) return give_up();
    pump();
}

// The timer is not cancelable: it keeps a worker that ends until all is reported.
void Reporter::settle_timer() {
    if (!empty() && !timer_.timer_set) return arm(ending_ ? kEndPause : kFlush);
    if (empty() && ending_ && timer_.timer_set) ngx_del_timer(&timer_);
}

void Reporter::note_end() {
    if (ending_ || !ngx_exiting) return;
    ending_ = true;
    end_ = ngx_current_msec + kEnd;
    next_attempt_ = ngx_current_msec;
}

void Reporter::give_up() {
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "audit: \"%V\" is away, %uz decisions of this worker are not recorded",
                  &signer_.host, held() + static_cast<std::size_t>(gap_.count));
    link_.close();
    waiting_.clear();
    batch_ = {};
    gap_ = {};
}

bool Reporter::due() const { return failures_ == 0 || reached(next_attempt_); }

void Reporter::pump() {
    if (link_.busy() || !due()) return;
    if (!prepare_batch()) return link_.close();
    while (!connect_and_send()) {
        attempt_failed("cannot be reached");
        if (!due()) return;
    }
}

bool Reporter::connect_and_send() {
    if (servers_.empty()) return false;
    if (!link_.is_open() && !link_.open(*servers_[server_])) return false;
    if (link_.send(batch_.frame)) return true;
    link_.close();
    return false;
}

// False when there is nothing to send now.
bool Reporter::prepare_batch() {
    if (!batch_.frame.empty()) return true;
    if (empty() || !take_credit()) return false;
    make_batch();
    return true;
}

bool Reporter::take_credit() {
    if (ending_) return true;
    const ngx_msec_t periods = (ngx_current_msec - refilled_) / kRefill;
    refilled_ += periods * kRefill;
    credits_ = std::min<std::size_t>(kCredits, credits_ + periods);
    if (credits_ == 0) return false;
    credits_--;
    return true;
}

void Reporter::make_batch() {
    const std::size_t count = std::min(waiting_.size(), pki::limits::kReported);
    Batch batch;
    wire::ReportRequest request;
    for (std::size_t i = 0; i < count; i++) {
        request.decisions.push_back(waiting_[i].encoded);
        batch.whole.add(waiting_[i].time);
    }
    batch.whole.add(gap_);
    request.reporter = name_;
    request.sequence = sequence_ + 1;
    request.lost = gap_.count;
    request.lost_from = gap_.from;
    request.lost_to = gap_.to;
    auto frame = wire::encode(request, request.sequence);
    if (!frame) throw std::runtime_error(frame.error().message());
    batch.frame = *std::move(frame);
    batch.decisions = count;
    batch.id = ++sequence_;
    batch_ = std::move(batch);
    gap_ = {};
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
}

void Reporter::answered(const wire::Frame& frame) {
    note_end();
    if (!accept_answer(frame)) {
        link_.close();
        attempt_failed("does not take reports");
    }
    // Batches that are full go on at once; a worker that ends sends all it has.
    if (ending_ || waiting_.size() >= pki::limits::kReported || !batch_.frame.empty())
        pump();
    else
        link_.close();
    settle_timer();
}

// False when the batch has to be sent again.
bool Reporter::accept_answer(const wire::Frame& frame) {
    if (frame.header.id != batch_.id) return false;
    const auto error = wire::decode<wire::ErrorReply>(frame);
    const bool hopeless = error && error->code == pki::Errc::malformed;
    if (!hopeless && !wire::decode<wire::ReportReply>(frame)) return false;
    if (hopeless) {  // it would be refused for ever: its decisions count as lost
        complain(NGX_LOG_ERR, "refuses a report");
        gap_.add(batch_.whole);
    }
    failures_ = 0;
    batch_ = {};
    return true;
}

void Reporter::failed(const char* why) {
    attempt_failed(why);
    pump();
    settle_timer();
}

void Reporter::attempt_failed(const char* why) {
    failures_++;
    if (!servers_.empty()) server_ = (server_ + 1) % servers_.size();
    const std::size_t servers = std::max<std::size_t>(servers_.size(), 1);
    next_attempt_ = ngx_current_msec;
    if (failures_ % servers != 0) return;
    next_attempt_ += ending_ ? kEndPause : pause_after(failures_ / servers);
    complain(NGX_LOG_ERR, why);
}

void Reporter::complain(ngx_uint_t level, const char* why) {
    if (complained_ && !reached(last_complaint_ + kComplaints)) return;
    complained_ = true;
    last_complaint_ = ngx_current_msec;
    ngx_log_error(level, ngx_cycle->log, 0,
                  "audit: \"%V\": %s; %uz decisions wait to be recorded, %uL are only counted",
                  &signer_.host, why, held(), static_cast<std::uint64_t>(gap_.count));
}

void Reporter::last_attempt(std::chrono::steady_clock::time_point deadline) {
    link_.close();
    ending_ = true;
    std::size_t failures = 0;
    while (failures < servers_.size() && prepare_batch()) {
        const auto answer = exchange_blocking(*servers_[server_], batch_.frame, deadline);
        const auto frame =
            answer ? wire::parse_frame(*answer) : pki::Result<wire::Frame>(answer.error());
        if (frame && accept_answer(*frame)) continue;
        failures++;
        server_ = (server_ + 1) % servers_.size();
    }
    if (!empty()) give_up();
    if (timer_.timer_set) ngx_del_timer(&timer_);
}

Reporter& Reporters::of(const ngx_http_upstream_srv_conf_t& signer) {
    for (const auto& reporter : reporters_)
        if (reporter->signer() == &signer) return *reporter;
    return *reporters_.emplace_back(std::make_unique<Reporter>(signer));
}

void Reporters::last_attempt() {
    const auto deadline = std::chrono::steady_clock::now() + kLastAttempt;
    for (const auto& reporter : reporters_) reporter->last_attempt(deadline);
}

}  // namespace ngx_enroll
