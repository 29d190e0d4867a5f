#include "signerd/outage.h"

#include <utility>

#include "signerd/log.h"

namespace signerd {

namespace {

constexpr std::chrono::minutes kReminder{1};
// Causes that take turns, or come and go, do not fill the log either: so many a second.
constexpr std::size_t kReports = 10;

}  // namespace

bool Outage::note(const pki::Status& status, Time now) {
    if (!status) return failed(status.error().message(), now);
    if (reported_) log(Level::notice, "%s: works again", what_);
    return std::exchange(reported_, false);
}

bool Outage::failed(const std::string& cause, Time now) {
    if (reported_ && cause == cause_ && now - when_ < kReminder) return false;
    if (now - second_ >= std::chrono::seconds(1)) {
        second_ = now;
        reports_ = 0;
    }
    if (++reports_ > kReports) return false;
    log(Level::error, "%s", cause.c_str());
    reported_ = true;
    cause_ = cause;
    when_ = now;
    return true;
}

}  // namespace signerd
