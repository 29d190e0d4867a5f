// What needs no message: GetCACaps, GetCACert, GetNextCACert (RFC 8894 3.5, 4.2, 4.7).
#pragma once

#include "ngx_scep_module/scep.h"

namespace ngx_enroll::scep {

// What the handler returns.
ngx_int_t send_capabilities(ScepExchange& exchange);

// NGX_DONE, or a status.
ngx_int_t ask_for_ca_certs(ScepExchange& exchange);
ngx_int_t ask_for_next_ca(ScepExchange& exchange);

}  // namespace ngx_enroll::scep
