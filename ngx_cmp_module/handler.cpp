#include "ngx_cmp_module/cmp.h"
#include "ngx_common/guard.h"
#include "ngx_common/log_phase.h"

namespace ngx_enroll::cmp {

namespace {

ngx_int_t handle(ngx_http_request_t* r) {
    CmpExchange& exchange = exchange_of(r);
    exchange.outcome = pki::name(pki::Errc::unavailable);
    return refuse(exchange, NGX_HTTP_SERVICE_UNAVAILABLE, "CMP is not served yet");
}

}  // namespace

CmpExchange& exchange_of(ngx_http_request_t* r) {
    CmpExchange* exchange = find_exchange(r);
    if (exchange == nullptr) {
        exchange = new_in_pool<CmpExchange>(r->pool, r);
        ngx_http_set_ctx(r, static_cast<void*>(exchange), ngx_cmp_module);
        log_phase_exchange(*exchange);
    }
    return *exchange;
}

ngx_int_t handler(ngx_http_request_t* r) {
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR,
                              [&] { return handle(r); });
}

}  // namespace ngx_enroll::cmp
