// What goes into signerd's audit log of devices that signerd has not decided about:
// enroll_audit.
#pragma once

#include "ngx_common/decision.h"

namespace ngx_enroll::enroll {

// At the end of a request. Whoever asks for a list, or by OCSP, needs no record of it.
void report_decision(const Decision& decision);

}  // namespace ngx_enroll::enroll
