// What nginx decided by itself, for signerd's audit log.
#pragma once

#include "ngx_cmp_module/cmp.h"
#include "ngx_common/decision.h"

namespace ngx_enroll::cmp {

void report_decision(const Decision& decision);

}  // namespace ngx_enroll::cmp
