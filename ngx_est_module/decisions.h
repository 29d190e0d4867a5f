// What the log phase asks of this module: log_phase.h.
#pragma once

#include <array>

#include "ngx_common/log_phase.h"
#include "ngx_est_module/est.h"

namespace ngx_enroll::est {

// In the order of pki::est::Operation, and one for what names no operation.
constexpr std::array<std::string_view, 7> kOperationNames{
    "cacerts",      "simpleenroll", "simplereenroll", "csrattrs",
    "serverkeygen", "fullcmc",      "unrouted"};
static_assert(kOperationNames.size() <= kMaxOperations);

LogPhaseClient log_phase_client();

}  // namespace ngx_enroll::est
