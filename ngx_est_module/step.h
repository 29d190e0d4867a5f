// What takes long: to build chains, to sign with RSA, to encrypt a key.
#pragma once

#include "ngx_common/offload.h"
#include "ngx_est_module/est.h"

namespace ngx_enroll::est {

class Step : public OffloadedWork {
   public:
    explicit Step(EstExchange& exchange) : exchange_(exchange) {}

    void done(ngx_http_request_t* r) noexcept final;

    // Back in the event loop: ends the request, or goes on (NGX_DONE).
    virtual ngx_int_t go_on() = 0;

   protected:
    EstExchange& exchange_;
};

// The step lives in the request's pool. NGX_DONE, or a status.
ngx_int_t take_step(EstExchange& exchange, Step& step, bool slow);

// What comes back from what was done outside of the handler: ends the request, unless NGX_DONE
// says that it goes on. The exchange may be gone when this returns.
void end_with(EstExchange& exchange, ngx_int_t rc);

}  // namespace ngx_enroll::est
