#include "ngx_est_module/step.h"

#include "ngx_common/guard.h"

namespace ngx_enroll::est {

void Step::done(ngx_http_request_t* r) noexcept {
    end_with(exchange_, guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                           [&] { return go_on(); }));
}

ngx_int_t take_step(EstExchange& exchange, Step& step, bool slow) {
    if (!slow) {
        step.run();
        return step.go_on();
    }
    ngx_http_request_t* r = exchange.request;
    const ngx_int_t rc = offload(r, conf_of(r).threads, step);
    if (rc != NGX_DONE) exchange.outcome = pki::name(pki::Errc::unavailable);
    return rc;
}

void end_with(EstExchange& exchange, ngx_int_t rc) {
    if (rc == NGX_DONE) return;
    // error_page.h makes the response then, and the records tell that nobody got the answer.
    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) exchange.answered = false;
    exchange.place.leave();
    ngx_http_finalize_request(exchange.request, rc);
}

}  // namespace ngx_enroll::est
