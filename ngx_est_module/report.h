// What goes into signerd's audit log of requests that signerd has not decided: est_audit.
#pragma once

#include "ngx_common/decision.h"

namespace ngx_enroll::est {

// At the end of a request; most are none for the audit log.
void report_decision(const Decision& decision);

}  // namespace ngx_enroll::est
