// What the log phase needs to know of this module's requests.
#pragma once

#include "ngx_common/log_phase.h"

namespace ngx_enroll::cmp {

LogPhaseClient log_phase_client();

}  // namespace ngx_enroll::cmp
