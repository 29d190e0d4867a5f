// enroll_bootstrap and enroll_renewal: a certificate for a device that speaks no protocol of
// enrolment, by one request in JSON. The first one costs a token that is good once, the next
// ones the certificate before.
#pragma once

#include "ngx_enroll_module/enroll.h"

namespace ngx_enroll::enroll {

// The content handler.
ngx_int_t serve_device(EnrollExchange& exchange);

}  // namespace ngx_enroll::enroll
