#include "signerd/outage.h"

#include "signerd/log.h"

namespace signerd {

namespace {

constexpr std::chrono::minutes kReminder{1};
// Causes that take turns, or come and go, do not fill the log either: so many a second.
constexpr std::size_t kReports = 10;

}  // namespace

void Outage::note(const pki::Status& status, Time now) {
    if (!status) return failed(status.error().message(), now);
    if (reported_) log(Level::notice, "%s: works again", what_);
    reported_ = false;
}

void Outage::failed(const std::string& cause, Time now) {
    if (reported_ && cause == cause_ && now - when_ < kReminder) return;
    if (now - second_ >= std::chrono::seconds(1)) {
        second_ = now;
        reports_ = 0;
    }
    if (++reports_ > kReports) return;
    log(Level::error, "%s", cause.c_str());
    reported_ = true;
    cause_ = cause;
    when_ = now;
}

}  // namespace signerd
