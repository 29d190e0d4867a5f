// The counters as text: JSON, and the text format of Prometheus, version 0.0.4. The length is
// bounded by the number of locations. Knows nothing of nginx.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ngx_common/counters.h"
#include "ngx_common/login_failures.h"

namespace ngx_enroll {

struct LocationStatus {
    std::string_view name;  // any bytes
    const Counters* counters = nullptr;
    std::uint32_t inflight = 0;
    std::uint32_t max_inflight = 0;  // 0: no limit
};

struct Status {
    std::string_view protocol;
    std::span<const std::string_view> operations;  // at most kMaxOperations
    std::vector<LocationStatus> locations;
    std::uint32_t inflight = 0;  // of all locations, those of a former configuration too
    std::uint32_t max_inflight = 0;
    std::optional<LoginStats> logins;  // of a protocol that has passwords
};

std::string json_status(const Status& status);
std::string prometheus_status(const Status& status);

// Text in quotes, as JSON and as a label's value. Malformed UTF-8 becomes U+FFFD.
std::string json_quoted(std::string_view text);
std::string label_quoted(std::string_view text);

}  // namespace ngx_enroll
