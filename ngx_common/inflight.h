// How many requests are being worked on, by all workers, with a limit that is never exceeded.
//
// Each worker counts in a slot of its own, so that the share of one that was killed can be
// taken back: whoever finds it dead clears its slot. Knows nothing of nginx.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace ngx_enroll {

// nginx runs no more processes than this (NGX_MAX_PROCESSES).
constexpr std::size_t kWorkerSlots = 1024;

using SlotCount = std::atomic<std::uint32_t>;

struct InflightSlots {
    std::array<SlotCount, kWorkerSlots> count;
};

// Of the first `used` slots, those that a worker ever had.
inline std::uint32_t inflight(const InflightSlots& slots, std::size_t used) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < used; i++) sum += slots.count[i].load();
    return sum;
}

// One more, unless there would be more than `limit`; 0 is no limit. Counts first and looks
// then: two that arrive at once may both be refused, but never both be let in. `used` is
// looked at after that too, since a new worker may have raised it just now.
inline bool enter(InflightSlots& slots, std::size_t slot, const std::atomic<std::size_t>& used,
                  std::uint32_t limit) {
    slots.count[slot].fetch_add(1);
    if (limit == 0 || inflight(slots, used) <= limit) return true;
    slots.count[slot].fetch_sub(1);
    return false;
}

// Never below zero: a slot that wrapped would refuse everybody.
inline void leave(InflightSlots& slots, std::size_t slot) {
    if (slots.count[slot].load() != 0) slots.count[slot].fetch_sub(1);
}

}  // namespace ngx_enroll
