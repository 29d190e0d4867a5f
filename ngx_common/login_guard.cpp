#include "ngx_common/login_guard.h"

namespace ngx_enroll {

namespace {

// Nobody can set this clock.
Seconds now() { return ngx_current_msec / 1000; }

// After realip, if the operator trusts it.
std::optional<AddressKey> key_of(const LimitsConf& limits, ngx_http_request_t* r) {
    if (limits.login_failures == 0) return std::nullopt;
    return address_key(*r->connection->sockaddr);
}

// Entries that are looked at under one lock.
constexpr std::uint32_t kStep = 1024;

}  // namespace

std::uint32_t login_wait(ZoneConf& zone, const LimitsConf& limits, ngx_http_request_t* r) {
    const auto key = key_of(limits, r);
    if (!key || zone.root->logins->empty()) return 0;
    const ZoneLock lock(zone);
    return zone.root->logins->wait(*key, now(), login_limit(limits));
}

void login_failed(ZoneConf& zone, const LimitsConf& limits, ngx_http_request_t* r) {
    const auto key = key_of(limits, r);
    if (!key) return;
    const ZoneLock lock(zone);
    zone.root->logins->failed(*key, now(), login_limit(limits));
}

std::uint32_t PendingLogin::begin(ZoneConf& zone, const LimitsConf& limits,
                                  ngx_http_request_t* r) {
    const auto key = key_of(limits, r);
    if (!key) return 0;
    key_ = *key;
    limit_ = login_limit(limits);
    const ZoneLock lock(zone);
    const std::uint32_t wait = zone.root->logins->begin(key_, now(), limit_, attempt_);
    if (wait == 0) zone_ = &zone;
    return wait;
}

void PendingLogin::end(bool right) {
    if (zone_ == nullptr) return;
    const ZoneLock lock(*zone_);
    zone_->root->logins->end(attempt_, key_, now(), limit_, right);
    zone_ = nullptr;
}

LoginStats login_stats(ZoneConf& zone) {
    LoginFailures& logins = *zone.root->logins;
    LoginStats stats;
    for (std::uint32_t from = 0; from < logins.capacity(); from += kStep) {
        const ZoneLock lock(zone);
        logins.count(from, from + kStep, now(), stats);
    }
    return stats;
}

}  // namespace ngx_enroll
