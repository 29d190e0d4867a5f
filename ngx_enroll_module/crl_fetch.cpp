#include "ngx_enroll_module/crl_fetch.h"

#include <algorithm>

#include "ngx_common/guard.h"

namespace ngx_enroll::enroll {

namespace wire = pki::wire;

namespace {

// After a list that could not be had, doubled each time.
constexpr ngx_msec_t kFirstPause = 500;
constexpr ngx_msec_t kLongestPause = 30000;

ngx_msec_t pause_after(std::size_t failures) {
    return std::min(kFirstPause << std::min<std::size_t>(failures - 1, 6), kLongestPause);
}

CopyFacts facts_of(const wire::CrlReply& reply) {
    CopyFacts facts;
    facts.number = reply.number;
    facts.this_update = reply.this_update;
    facts.next_update = reply.next_update;
    facts.size = reply.size;
    std::ranges::copy(reply.sha256, facts.sha256.begin());
    return facts;
}

pki::Error refused(const char* why) { return pki::fail(pki::Errc::malformed, why); }

}  // namespace

CrlFetch::CrlFetch(const ngx_http_upstream_srv_conf_t& signer, std::string folder,
                   ngx_thread_pool_t* threads)
    : signer_(signer),
      servers_(signer_servers(signer)),
      folder_(std::move(folder)),
      threads_(threads) {
    timer_owner_.fd = static_cast<ngx_socket_t>(-1);
    timer_owner_.data = this;
    timer_.data = &timer_owner_;
    timer_.handler = on_timer;
    timer_.log = ngx_cycle->log;
    timer_.cancelable = 1;
}

CrlFetch::~CrlFetch() {
    if (timer_.timer_set) ngx_del_timer(&timer_);
}

void CrlFetch::update(std::vector<NumberedList> lists) {
    const bool running = link_.busy() || storing_;
    std::deque<NumberedList> queue;
    if (running) {
        queue.push_back(queue_.front());
        superseded_ = std::ranges::none_of(
            lists, [&](const auto& list) { return list.name == queue.front().name; });
    }
    for (NumberedList& list : lists) {
        const auto known = known_.find(copy_path(folder_, list.name));
        if (known != known_.end() && known->second == list.number) continue;
        if (running && list.name == queue.front().name && list.number == queue.front().number)
            continue;
        queue.push_back(std::move(list));
    }
    queue_ = std::move(queue);
    if (!timer_.timer_set) next();
}

void CrlFetch::next() {
    if (link_.busy() || storing_ || ngx_exiting) return;
    if (queue_.empty()) return link_.close();
    writer_.reset();
    superseded_ = false;
    if (!ask()) list_failed("signerd cannot be reached");
}

// The next piece of the first list.
bool CrlFetch::ask() {
    wire::CrlRequest request;
    const ListName& name = queue_.front().name;
    request.ca = name.ca;
    request.partition = name.partition;
    request.delta = name.delta;
    request.number = writer_ ? writer_->facts().number : 0;
    request.offset = writer_ ? writer_->written() : 0;
    auto frame = wire::encode(request, ++id_);
    if (!frame || servers_.empty()) return false;
    frame_ = *std::move(frame);
    if (!link_.is_open() && !link_.open(*servers_[server_])) return false;
    if (link_.send(frame_)) return true;
    link_.close();
    return false;
}

void CrlFetch::answered(const wire::Frame& frame) {
    if (ngx_exiting) return link_.close();
    const auto reply = wire::decode<wire::CrlReply>(frame);
    if (frame.header.id != id_ || !reply) {
        const bool refused = frame.header.kind == wire::Kind::error_reply;
        // A newer one may have taken its place meanwhile.
        if (refused && writer_) return list_failed("it is no longer there", NGX_LOG_INFO);
        return list_failed(refused ? "signerd does not give it" : "signerd sent a bad answer");
    }
    if (superseded_) {
        queue_.pop_front();
        return next();
    }
    if (const auto status = take(*reply); !status) return list_failed(status.error().message());
}

pki::Status CrlFetch::take(const wire::CrlReply& reply) {
    if (reply.sha256.size() != std::tuple_size_v<pki::ossl::Sha256> || reply.size == 0 ||
        reply.size > pki::limits::kCrl)
        return refused("signerd sent a bad answer");
    if (!writer_) {
        if (facts_of(reply) == read_facts(copy_path(folder_, queue_.front().name))) {
            done(reply.number);
            return {};
        }
        PKI_CHECK(begin(reply));
    }
    if (facts_of(reply) != writer_->facts()) return refused("it changed under way");
    if (reply.data.empty()) return refused("it is shorter than announced");
    PKI_CHECK(writer_->append(reply.data));
    if (writer_->written() == writer_->facts().size) {
        PKI_CHECK(writer_->complete());
        store();
    } else if (!ask()) {
        return refused("signerd cannot be reached");
    }
    return {};
}

pki::Status CrlFetch::begin(const wire::CrlReply& reply) {
    writer_ =
        std::make_unique<CopyWriter>(copy_path(folder_, queue_.front().name), facts_of(reply));
    return writer_->open();
}

// --- a list that is there in full ---

void CrlFetch::run_in_thread(void* data, ngx_log_t*) {
    auto& fetch = **static_cast<CrlFetch**>(data);
    fetch.outcome_ = fetch.writer_->publish();
}

void CrlFetch::on_stored(ngx_event_t* event) {
    auto& fetch = *static_cast<CrlFetch*>(event->data);
    guarded(ngx_cycle->log, 0, [&] {
        fetch.stored();
        return 0;
    });
}

void CrlFetch::store() {
    if (task_ == nullptr) task_ = ngx_thread_task_alloc(ngx_cycle->pool, sizeof(CrlFetch*));
    if (task_ == nullptr) throw std::bad_alloc();
    *static_cast<CrlFetch**>(task_->ctx) = this;
    task_->handler = run_in_thread;
    task_->event.handler = on_stored;
    task_->event.data = this;
    storing_ = true;
    if (ngx_thread_task_post(threads_, task_) == NGX_OK) return;
    outcome_ = pki::fail(pki::Errc::unavailable, "the queue of the thread pool is full");
    stored();
}

void CrlFetch::stored() {
    storing_ = false;
    if (!outcome_) return list_failed(outcome_.error().message());
    const CopyFacts facts = writer_->facts();
    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "crl: \"%s\" is number %uL now, of %uL bytes",
                  copy_path("", queue_.front().name).c_str() + 1, facts.number, facts.size);
    done(facts.number);
}

void CrlFetch::done(std::uint64_t number) {
    known_[copy_path(folder_, queue_.front().name)] = number;
    failures_ = 0;
    queue_.pop_front();
    next();
}

// --- a list that cannot be had ---

void CrlFetch::failed(const char* why) { list_failed(why); }

// Those behind it come first.
void CrlFetch::list_failed(const std::string& why, ngx_uint_t level) {
    link_.close();
    writer_.reset();
    if (ngx_exiting || queue_.empty()) return;
    failures_++;
    const NumberedList list = std::move(queue_.front());
    queue_.pop_front();
    if (!superseded_) queue_.push_back(list);
    if (!servers_.empty()) server_ = (server_ + 1) % servers_.size();
    // signerd itself is the watch's to speak of.
    if (failures_ > 1) level = NGX_LOG_INFO;
    ngx_log_error(level, ngx_cycle->log, 0, "crl: \"%s\" cannot be fetched: %s",
                  copy_path("", list.name).c_str() + 1, why.c_str());
    if (timer_.timer_set) ngx_del_timer(&timer_);
    ngx_add_timer(&timer_, pause_after(failures_));
}

void CrlFetch::on_timer(ngx_event_t* event) {
    auto* owner = static_cast<ngx_connection_t*>(event->data);
    auto& fetch = *static_cast<CrlFetch*>(owner->data);
    guarded(ngx_cycle->log, 0, [&] {
        fetch.next();
        return 0;
    });
}

}  // namespace ngx_enroll::enroll
