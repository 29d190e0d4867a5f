#include "ngx_common/bulkhead.h"

namespace ngx_enroll {

namespace {

std::size_t own_slot() { return static_cast<std::size_t>(ngx_process_slot); }

std::uint32_t total_limit(const ZoneConf& zone) {
    return static_cast<std::uint32_t>(zone.max_inflight);
}

bool full(const ZoneConf& zone, const Location& location) {
    return (location.max_inflight != 0 &&
            inflight_of(zone, location) >= location.max_inflight) ||
           (zone.max_inflight != 0 && inflight_of(zone) >= zone.max_inflight);
}

bool enter_both(ZoneConf& zone, const Location& location) {
    const std::atomic<std::size_t>& used = zone.root->used_slots;
    if (!enter(location.entry->inflight, own_slot(), used, location.max_inflight)) return false;
    if (enter(zone.root->inflight, own_slot(), used, total_limit(zone))) return true;
    leave(location.entry->inflight, own_slot());
    return false;
}

}  // namespace

bool Place::take(ZoneConf& zone, const Location& location) {
    if (root_ != nullptr) return true;
    if (!enter_both(zone, location)) {
        // Some of them may belong to a worker that was killed.
        sweep_dead_workers(zone);
        if (!enter_both(zone, location)) {
            add(location.entry->counters.shed);
            return false;
        }
    }
    root_ = zone.root;
    entry_ = location.entry;
    since_ = ngx_current_msec;
    return true;
}

void Place::leave() {
    if (root_ == nullptr) return;
    ngx_enroll::leave(entry_->inflight, own_slot());
    ngx_enroll::leave(root_->inflight, own_slot());
    root_ = nullptr;
    held_ = ngx_current_msec - since_;
}

std::optional<ngx_msec_t> Place::held() const {
    return root_ != nullptr ? std::optional(ngx_current_msec - since_) : held_;
}

bool shed_early(ZoneConf& zone, const Location& location) {
    if (!full(zone, location)) return false;
    sweep_dead_workers(zone);
    if (!full(zone, location)) return false;
    add(location.entry->counters.shed);
    return true;
}

std::uint32_t inflight_of(const ZoneConf& zone, const Location& location) {
    return inflight(location.entry->inflight, zone.root->used_slots);
}

std::uint32_t inflight_of(const ZoneConf& zone) {
    return inflight(zone.root->inflight, zone.root->used_slots);
}

}  // namespace ngx_enroll
