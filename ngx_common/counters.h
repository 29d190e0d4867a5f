// Numbers of one location, in memory that all workers share. They only grow; nobody holds a
// lock to count or to read. Knows nothing of nginx.
#pragma once

#include <atomic>
#include <cstdint>

#include "ngx_common/outcome.h"

namespace ngx_enroll {

using Counter = std::atomic<std::uint64_t>;
static_assert(Counter::is_always_lock_free, "a lock of one process does not bind another");

inline void add(Counter& counter, std::uint64_t n = 1) {
    counter.fetch_add(n, std::memory_order_relaxed);
}

inline std::uint64_t value_of(const Counter& counter) {
    return counter.load(std::memory_order_relaxed);
}

// Upper bounds in milliseconds, each included in its bucket: an enrolment takes a few of
// them, a signer that is stuck takes all of its timeout.
constexpr std::array<std::uint32_t, 12> kDurationBounds{5,   10,   25,   50,   100,   250,
                                                        500, 1000, 2500, 5000, 10000, 30000};

struct Histogram {
    // One for each bound and one for what is beyond: each request is in a single bucket
    // here, and cumulated where it is shown.
    std::array<Counter, kDurationBounds.size() + 1> buckets;
    Counter milliseconds;  // the sum
};

inline void record(Histogram& histogram, std::uint64_t milliseconds) {
    const auto bound = std::ranges::lower_bound(kDurationBounds, milliseconds);
    add(histogram.buckets[static_cast<std::size_t>(bound - kDurationBounds.begin())]);
    add(histogram.milliseconds, milliseconds);
}

// Of one protocol. A module names its own; the last one is "unrouted", for paths that name
// no operation.
constexpr std::size_t kMaxOperations = 10;

struct Counters {
    std::array<std::array<Counter, kOutcomes>, kMaxOperations> decisions;
    std::array<Histogram, kMaxOperations> durations;
    Counter shed;  // refused because max_inflight was reached
};

}  // namespace ngx_enroll
