// Latencies of a run in microseconds, and their percentiles.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace bench {

class Latencies {
   public:
    void add(std::int64_t microseconds) { values_.push_back(microseconds); }
    std::size_t count() const { return values_.size(); }

    // fraction 0.99 for p99; 0 when there are none.
    std::int64_t percentile(double fraction) {
        if (values_.empty()) return 0;
        const auto rank = static_cast<std::ptrdiff_t>(
            fraction * static_cast<double>(values_.size() - 1) + 0.5);
        std::nth_element(values_.begin(), values_.begin() + rank, values_.end());
        return values_[static_cast<std::size_t>(rank)];
    }

   private:
    std::vector<std::int64_t> values_;
};

}  // namespace bench
