// The message, in a thread: its signature, its envelope, what is inside.
#pragma once

#include "ngx_scep_module/scep.h"

namespace ngx_enroll::scep {

// With `der` as it came. What can be read is answered with a CertRep, whatever is wrong with
// it (RFC 8894 3.3.2.2). NGX_DONE, or a status.
ngx_int_t open_message(ScepExchange& exchange);

}  // namespace ngx_enroll::scep
