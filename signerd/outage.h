// A failure that lasts is in the log when it begins, now and then while it lasts, and when it
// ends: not once for each request that meets it. For one thread.
#pragma once

#include <chrono>
#include <string>

#include "libpki/base/result.h"

namespace signerd {

class Outage {
   public:
    using Time = std::chrono::steady_clock::time_point;

    // A literal: what is away, the first word when it works again.
    explicit Outage(const char* what) : what_(what) {}

    // The outcome of an operation. Was it a line of the log?
    bool note(const pki::Status& status) {
        return note(status, std::chrono::steady_clock::now());
    }
    bool note(const pki::Status& status, Time now);

   private:
    bool failed(const std::string& cause, Time now);

    const char* what_;
    bool reported_ = false;  // since the last success
    std::string cause_;      // that was reported last
    Time when_{};            // it was
    Time second_{};          // that `reports_` counts
    std::size_t reports_ = 0;
};

}  // namespace signerd
