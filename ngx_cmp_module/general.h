// General messages: what a client may ask without a request for a certificate (RFC 9810 5.3.19,
// RFC 9483 4.3).
#pragma once

#include "ngx_cmp_module/cmp.h"

namespace ngx_enroll::cmp {

// `current` is a genm. Each of its types is answered in turn: by ourselves, or with what
// signerd says, which may take several questions. NGX_DONE, or a status.
ngx_int_t start_general(CmpExchange& exchange);

}  // namespace ngx_enroll::cmp
