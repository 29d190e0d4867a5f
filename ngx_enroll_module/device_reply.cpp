#include "ngx_enroll_module/device_reply.h"

#include "libpki/est/status.h"
#include "libpki/wire/pending.h"
#include "ngx_common/headers.h"
#include "ngx_common/login_guard.h"
#include "ngx_common/status_text.h"
#include "ngx_enroll_module/device_json.h"
#include "ngx_enroll_module/freshness.h"

namespace ngx_enroll::enroll {

namespace {

namespace wire = pki::wire;

Reply json_reply(EnrollExchange& exchange, ngx_uint_t status, const std::string& body) {
    Reply reply;
    reply.status = status;
    reply.content_type = lend("application/json");
    reply.body = copy_to_pool(exchange.request->pool, body);
    add_no_store(exchange.request);
    return reply;
}

time_t pause_of(std::uint32_t seconds) {
    return seconds != 0 ? static_cast<time_t>(seconds) : kRetryAfter;
}

// With a token one answer for all that can be wrong with it; of a renewal it is the certificate
// that was revoked, or is not one of ours.
ngx_uint_t unauthenticated(EnrollExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    const LocConf& conf = conf_of(r);
    if (conf.serves != kBootstrap) return NGX_HTTP_FORBIDDEN;
    login_failed(main_conf_of(r).module.zone, conf.limits, r);
    // RFC 6750 3.1 has the word for it, wherever the token stands.
    add_challenge(r, "Bearer realm=\"enroll\", error=\"invalid_token\"");
    return NGX_HTTP_UNAUTHORIZED;
}

pki::Result<Reply> error_reply(EnrollExchange& exchange, const wire::Frame& frame) {
    PKI_TRY(const wire::ErrorReply error, wire::decode<wire::ErrorReply>(frame));
    exchange.outcome = pki::name(error.code);
    const ngx_uint_t status = error.code == pki::Errc::unauthenticated
                                  ? unauthenticated(exchange)
                                  : static_cast<ngx_uint_t>(pki::est::http_status(error.code));
    Reply reply =
        json_reply(exchange, status, "{\"error\": " + json_quoted(error.text) + "}\n");
    if (pki::retryable(error.code)) reply.retry_after = pause_of(error.retry_after);
    return reply;
}

// The device comes again with the same request.
pki::Result<Reply> pending_reply(EnrollExchange& exchange, const wire::Frame& frame) {
    PKI_TRY(const wire::PendingReply pending, wire::decode<wire::PendingReply>(frame));
    exchange.outcome = "pending";
    Reply reply = json_reply(exchange, NGX_HTTP_ACCEPTED,
                             "{\"pending\": " + std::to_string(pending.request) + "}\n");
    reply.retry_after = pause_of(pending.retry_after);
    return reply;
}

}  // namespace

void add_challenge(ngx_http_request_t* r, std::string_view challenge) {
    r->headers_out.www_authenticate = add_header(r, "WWW-Authenticate", lend(challenge));
}

pki::Result<Reply> device_issue_reply(SignerExchange& base, const wire::Frame& frame) {
    auto& exchange = static_cast<EnrollExchange&>(base);
    if (frame.header.kind == wire::Kind::error_reply) return error_reply(exchange, frame);
    if (frame.header.kind == wire::Kind::pending_reply) return pending_reply(exchange, frame);
    PKI_TRY(const wire::IssueReply issued, wire::decode<wire::IssueReply>(frame));
    if (issued.certificate.empty() || issued.chain.empty())
        return pki::fail(pki::Errc::malformed, "no certificate, or no chain");
    exchange.outcome = issued.replayed ? "replayed" : "issued";
    exchange.issued = issued.certificate;
    return json_reply(exchange, NGX_HTTP_OK, device_reply(issued.certificate, issued.chain));
}

}  // namespace ngx_enroll::enroll
