// What nginx decided by itself, for signerd's audit log.
#pragma once

#include "ngx_common/decision.h"
#include "ngx_scep_module/scep.h"

namespace ngx_enroll::scep {

void report_decision(const Decision& decision);

}  // namespace ngx_enroll::scep
