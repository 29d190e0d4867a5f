#include "ngx_cmp_module/work.h"

#include "ngx_common/guard.h"

namespace ngx_enroll::cmp {

namespace {

// RSA-4096 is verified in the time of P-256, a tenth of a millisecond; P-384, P-521 and Ed448
// take half a millisecond and more.
constexpr std::size_t kFastRsaBits = 4096;

}  // namespace

void Step::done(ngx_http_request_t* r) noexcept {
    end_with(exchange_, guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                           [&] { return go_on(status_); }));
}

ngx_int_t take_step(CmpExchange& exchange, Step& step, bool slow) {
    if (!slow) {
        step.run();
        return step.go_on(step.status_);
    }
    ngx_http_request_t* r = exchange.request;
    const ngx_int_t rc = offload(r, conf_of(r).threads, step);
    if (rc != NGX_DONE) exchange.outcome = pki::name(pki::Errc::unavailable);
    return rc;
}

void end_with(CmpExchange& exchange, ngx_int_t rc) {
    if (rc == NGX_DONE) return;
    // error_page.h makes the response then, and the records tell that nobody got the answer.
    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) exchange.answered = false;
    exchange.place.leave();
    ngx_http_finalize_request(exchange.request, rc);
}

bool slow_to_verify(const pki::x509::Spki& key) {
    using pki::ossl::KeyType;
    switch (key.key.type) {
        case KeyType::rsa: return key.rsa_bits() > kFastRsaBits;
        case KeyType::ec: return key.key.curve != pki::ossl::Curve::p256;
        case KeyType::ed25519: return false;
        case KeyType::ed448: return true;
    }
    return true;
}

}  // namespace ngx_enroll::cmp
