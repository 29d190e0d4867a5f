// The time of day as a parameter, so that tests can set it.
#pragma once

#include <chrono>
#include <cstdint>

namespace signerd {

class Clock {
   public:
    virtual ~Clock() = default;
    // Microseconds since 1970 UTC.
    virtual std::int64_t now() const = 0;
};

class SystemClock : public Clock {
   public:
    std::int64_t now() const override {
        const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
    }
};

constexpr std::int64_t kMicroseconds = 1'000'000;  // in a second

}  // namespace signerd
