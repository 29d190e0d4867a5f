// Who asks: est_auth (RFC 7030 3.2.3 and 3.3.2).
#pragma once

#include "ngx_common/offload.h"
#include "ngx_est_module/est.h"

namespace ngx_enroll::est {

enum class Verdict {
    allowed,
    refused,    // the status stands in AuthResult
    slow_hash,  // allowed or not once the password's hash is computed
};

struct AuthResult {
    Verdict verdict = Verdict::refused;
    ngx_int_t status = NGX_HTTP_FORBIDDEN;
};

// Before the body is read. Fills in the exchange's credential. With slow_hash the caller
// reads the body and goes on with check_slow_hash().
AuthResult authenticate(EstExchange& exchange, const LocConf& conf);

// After the body was read; `go_on` is called when the password was right, else the request
// ends with 401. NGX_DONE or a status.
ngx_int_t check_slow_hash(EstExchange& exchange, const LocConf& conf,
                          void (*go_on)(EstExchange& exchange));

}  // namespace ngx_enroll::est
