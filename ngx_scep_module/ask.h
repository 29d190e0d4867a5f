// What signerd is asked for a message that was opened.
#pragma once

#include "ngx_scep_module/scep.h"

namespace ngx_enroll::scep {

// NGX_DONE, or a status.
ngx_int_t ask_signerd(ScepExchange& exchange);

}  // namespace ngx_enroll::scep
