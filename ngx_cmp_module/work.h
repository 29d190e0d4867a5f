// A step that may be slow: in a thread when it is, else at once, which is faster for all others
// too: a thread costs more than a signature on P-256.
#pragma once

#include "ngx_cmp_module/cmp.h"
#include "ngx_common/offload.h"

namespace ngx_enroll::cmp {

class Step : public OffloadedWork {
   public:
    explicit Step(CmpExchange& exchange) : exchange_(exchange) {}

    void done(ngx_http_request_t* r) noexcept final;

   protected:
    friend ngx_int_t take_step(CmpExchange& exchange, Step& step, bool slow);

    // In the thread, perhaps: nothing of nginx in here.
    virtual pki::Status compute() = 0;
    // Back in the event loop, with what compute() said. NGX_DONE, or a status.
    virtual ngx_int_t go_on(const pki::Status& status) = 0;

    CmpExchange& exchange_;

   private:
    void work() override { status_ = compute(); }
    void failed(const pki::Error& error) noexcept override { status_ = error; }

    pki::Status status_;
};

// The step lives in the request's pool. NGX_DONE, or a status.
ngx_int_t take_step(CmpExchange& exchange, Step& step, bool slow);

// What comes back from what was done outside of the handler: ends the request, unless NGX_DONE
// says that it goes on. The exchange may be gone when this returns.
void end_with(CmpExchange& exchange, ngx_int_t rc);

// Verifying with this key, or signing, takes long enough to hold up other requests.
bool slow_to_verify(const pki::x509::Spki& key);

}  // namespace ngx_enroll::cmp
