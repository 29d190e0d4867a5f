#include "ngx_enroll_module/watch.h"

#include <algorithm>

#include "ngx_common/guard.h"
#include "ngx_common/pool.h"

namespace ngx_enroll::enroll {

namespace wire = pki::wire;

namespace {

// Between an answer and the next question: many revocations are a few answers then.
constexpr ngx_msec_t kGap = 50;

// After every server has failed, doubled each time.
constexpr ngx_msec_t kFirstPause = 100;
constexpr ngx_msec_t kLongestPause = 5000;

// A signerd that was only started anew is back by then.
constexpr std::size_t kQuietRounds = 2;

ngx_msec_t pause_after(std::size_t rounds) {
    return std::min(kFirstPause << std::min<std::size_t>(rounds - 1, 6), kLongestPause);
}

// As the cache has it, whichever way it was written.
pki::Bytes magnitude(pki::Bytes serial) {
    while (!serial.empty() && serial.front() == 0) serial = serial.subspan(1);
    return serial;
}

}  // namespace

Watch::Watch(const WatchConf& conf, const WatchEnvironment& environment)
    : conf_(conf),
      cache_(conf.ocsp ? environment.cache : nullptr),
      signer_(signer_id(*conf.signer)),
      servers_(signer_servers(*conf.signer)),
      fetch_(*conf.signer, environment.folder, environment.threads) {
    timer_owner_.fd = static_cast<ngx_socket_t>(-1);
    timer_owner_.data = this;
    timer_.data = &timer_owner_;
    timer_.handler = on_timer;
    timer_.log = ngx_cycle->log;
    timer_.cancelable = 1;
    arm(1);
}

Watch::~Watch() {
    if (timer_.timer_set) ngx_del_timer(&timer_);
}

void Watch::arm(ngx_msec_t delay) {
    if (timer_.timer_set) ngx_del_timer(&timer_);
    ngx_add_timer(&timer_, delay);
}

void Watch::on_timer(ngx_event_t* event) {
    auto* owner = static_cast<ngx_connection_t*>(event->data);
    auto& watch = *static_cast<Watch*>(owner->data);
    guarded(ngx_cycle->log, 0, [&] {
        watch.ask();
        return 0;
    });
    // What went wrong may have left nobody who asks again.
    if (!ngx_exiting && !watch.link_.busy() && !watch.timer_.timer_set)
        watch.arm(kLongestPause);
}

void Watch::ask() {
    while (!ngx_exiting && !connect_and_send()) {
        attempt_failed("it cannot be reached");
        if (timer_.timer_set) return;
    }
}

bool Watch::connect_and_send() {
    if (servers_.empty()) return false;
    if (!link_.is_open()) {
        if (!link_.open(*servers_[server_])) return false;
        // The numbers of another signerd, or of one that was started anew, are others.
        lists_ = 0;
        fetch_.forget();
    }
    wire::WatchRequest request;
    request.change = change_ = known_change();
    request.crls = lists_;
    auto frame = wire::encode(request, ++id_);
    if (frame) frame_ = *std::move(frame);
    if (frame && link_.send(frame_)) return true;
    link_.close();
    doubt();
    return false;
}

// Who answers next may have another store, or a backup of this one: its numbers may be the same
// and tell of other revocations. It is asked for everything; until it answers, what is kept is
// given on.
void Watch::doubt() {
    change_ = 0;
    if (cache_ == nullptr) return;
    const OcspLock cache(*cache_);
    cache->set_change(signer_, 0);
}

std::uint64_t Watch::known_change() {
    if (cache_ == nullptr) return change_;
    const OcspLock cache(*cache_);
    return cache->change(signer_);
}

void Watch::answered(const wire::Frame& frame) {
    if (ngx_exiting) return link_.close();
    const auto reply = wire::decode<wire::WatchReply>(frame);
    if (frame.header.id != id_ || !reply || !apply(*reply)) {
        link_.close();
        const bool refused = frame.header.kind == wire::Kind::error_reply;
        return failed(refused ? "it does not take the request" : "it sent a bad answer");
    }
    note_back();
    arm(kGap);
}

pki::Status Watch::apply(const wire::WatchReply& reply) {
    apply_changes(reply);
    if (reply.crls_version == lists_) return {};
    PKI_CHECK(apply_lists(reply));
    lists_ = reply.crls_version;
    return {};
}

// A number that went back is that of another store.
void Watch::apply_changes(const wire::WatchReply& reply) {
    const bool everything = reply.everything || reply.change < change_;
    change_ = reply.change;
    if (cache_ == nullptr) return;
    const OcspLock cache(*cache_);
    if (everything) cache->clear(signer_);
    for (const pki::Bytes serial : reply.serials) cache->drop(signer_, magnitude(serial));
    cache->set_change(signer_, reply.change);
}

bool Watch::serves(const wire::CrlName& name) const {
    return name.partition <= pki::limits::kPartitions &&
           std::ranges::any_of(conf_.cas, [&](const WatchedCa& ca) {
               return ca.ca == name.ca && ca.lists[name.partition != 0][name.delta];
           });
}

pki::Status Watch::apply_lists(const wire::WatchReply& reply) {
    std::vector<NumberedList> lists;
    for (const pki::Bytes encoded : reply.crls) {
        PKI_TRY(const wire::CrlName name, wire::decode_crl_name(encoded));
        if (serves(name))
            lists.push_back({{std::string(name.ca), name.partition, name.delta}, name.number});
    }
    note_missing(lists);
    fetch_.update(std::move(lists));
    return {};
}

void Watch::note_missing(const std::vector<NumberedList>& lists) {
    for (const WatchedCa& ca : conf_.cas) {
        const auto is = [&](const NumberedList& list) { return list.name.ca == ca.ca; };
        if (std::ranges::any_of(lists, is)) {
            missing_.erase(ca.ca);
            continue;
        }
        if (!missing_.insert(ca.ca).second) continue;
        const ngx_str_t name = lend(ca.ca);
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "crl: \"%V\" has no list of a CA \"%V\" for us", &conf_.signer->host,
                      &name);
    }
}

void Watch::failed(const char* why) {
    if (ngx_exiting) return;
    doubt();
    attempt_failed(why);
    if (!timer_.timer_set) arm(1);
}

// Without a pause when there is another server to be tried.
void Watch::attempt_failed(const char* why) {
    failures_++;
    const std::size_t servers = std::max<std::size_t>(servers_.size(), 1);
    server_ = (server_ + 1) % servers;
    if (failures_ % servers != 0) return;
    const std::size_t rounds = failures_ / servers;
    arm(pause_after(rounds));
    if (rounds < kQuietRounds || away_) return;
    away_ = true;
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "watch: no news of revocations and CRLs from \"%V\": %s", &conf_.signer->host,
                  why);
}

void Watch::note_back() {
    failures_ = 0;
    if (!away_) return;
    away_ = false;
    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "watch: news of revocations and CRLs from \"%V\" again", &conf_.signer->host);
}

void Watches::start(const WatchEnvironment& environment) {
    if (!environment.folder.empty()) remove_leftovers(environment.folder);
    for (const WatchConf& watched : conf)
        if (!watched.cas.empty() || (watched.ocsp && environment.cache != nullptr))
            running_.push_back(std::make_unique<Watch>(watched, environment));
}

}  // namespace ngx_enroll::enroll
