#include "ngx_est_module/reply.h"

#include "libpki/base/base64.h"
#include "libpki/est/body.h"
#include "libpki/est/status.h"
#include "libpki/wire/lookup.h"
#include "libpki/wire/pending.h"
#include "ngx_common/headers.h"
#include "ngx_est_module/bearer.h"

namespace ngx_enroll::est {

namespace {

Reply certificates_reply(ngx_http_request_t* r, const std::vector<pki::Bytes>& certificates) {
    // Deprecated by RFC 8951 section 3, but Bouncy Castle's client decodes base64 only when
    // it sees this header, and none of the others minds.
    add_header(r, "Content-Transfer-Encoding", lend("base64"));
    Reply reply;
    ngx_str_set(&reply.content_type, "application/pkcs7-mime; smime-type=certs-only");
    reply.body = copy_to_pool(r->pool, pki::est::certs_only_body(certificates));
    return reply;
}

pki::Result<Reply> error_reply(EstExchange& exchange, const pki::wire::Frame& frame) {
    PKI_TRY(const pki::wire::ErrorReply error, pki::wire::decode<pki::wire::ErrorReply>(frame));
    exchange.outcome = pki::name(error.code);
    Reply reply;
    reply.status = static_cast<ngx_uint_t>(pki::est::http_status(error.code));
    // A 401 needs a challenge (RFC 9110 11.6.1), and that of passwords and certificates is
    // answered by the time signerd speaks.
    if (error.code == pki::Errc::unauthenticated) {
        if (is_of_token(exchange, error))
            bearer_refused(exchange);
        else
            reply.status = NGX_HTTP_FORBIDDEN;
    }
    ngx_str_set(&reply.content_type, "text/plain");
    reply.body = copy_to_pool(exchange.request->pool, std::string(error.text) + "\n");
    if (pki::retryable(error.code))
        reply.retry_after = error.retry_after != 0 ? static_cast<time_t>(error.retry_after)
                                                   : conf_of(exchange.request).retry_after;
    return reply;
}

// RFC 7030 4.2.3: the client comes again with the same request.
pki::Result<Reply> pending_reply(EstExchange& exchange, const pki::wire::Frame& frame) {
    PKI_TRY(const pki::wire::PendingReply pending,
            pki::wire::decode<pki::wire::PendingReply>(frame));
    exchange.outcome = "pending";
    Reply reply;
    reply.status = NGX_HTTP_ACCEPTED;
    ngx_str_set(&reply.content_type, "text/plain");
    reply.body =
        copy_to_pool(exchange.request->pool,
                     "request " + std::to_string(pending.request) + " waits for approval\n");
    reply.retry_after = pending.retry_after != 0 ? static_cast<time_t>(pending.retry_after)
                                                 : conf_of(exchange.request).retry_after;
    return reply;
}

}  // namespace

pki::Result<Reply> enroll_reply(SignerExchange& base, const pki::wire::Frame& frame) {
    auto& exchange = static_cast<EstExchange&>(base);
    if (frame.header.kind == pki::wire::Kind::error_reply) return error_reply(exchange, frame);
    if (frame.header.kind == pki::wire::Kind::pending_reply)
        return pending_reply(exchange, frame);
    PKI_TRY(const pki::wire::IssueReply issued,
            pki::wire::decode<pki::wire::IssueReply>(frame));
    if (issued.certificate.empty()) return pki::fail(pki::Errc::malformed, "no certificate");
    exchange.outcome = issued.replayed ? "replayed" : "issued";
    exchange.issued = issued.certificate;
    std::vector<pki::Bytes> certificates{issued.certificate};
    if (conf_of(exchange.request).chain)
        certificates.insert(certificates.end(), issued.chain.begin(), issued.chain.end());
    return certificates_reply(exchange.request, certificates);
}

pki::Result<Reply> ca_certs_reply(SignerExchange& base, const pki::wire::Frame& frame) {
    auto& exchange = static_cast<EstExchange&>(base);
    if (frame.header.kind == pki::wire::Kind::error_reply) return error_reply(exchange, frame);
    PKI_TRY(const pki::wire::CaCertsReply answer,
            pki::wire::decode<pki::wire::CaCertsReply>(frame));
    if (answer.certificates.empty()) return pki::fail(pki::Errc::malformed, "no certificate");
    exchange.outcome = "ok";
    return certificates_reply(exchange.request, answer.certificates);
}

pki::Result<Reply> csr_attributes_reply(SignerExchange& base, const pki::wire::Frame& frame) {
    auto& exchange = static_cast<EstExchange&>(base);
    if (frame.header.kind == pki::wire::Kind::error_reply) return error_reply(exchange, frame);
    PKI_TRY(const pki::wire::CsrAttributesReply answer,
            pki::wire::decode<pki::wire::CsrAttributesReply>(frame));
    exchange.outcome = "ok";
    Reply reply;
    if (answer.attributes.empty()) {
        reply.status = NGX_HTTP_NO_CONTENT;
        return reply;
    }
    // As for certificates.
    add_header(exchange.request, "Content-Transfer-Encoding", lend("base64"));
    ngx_str_set(&reply.content_type, "application/csrattrs");
    reply.body = copy_to_pool(exchange.request->pool, pki::base64_encode(answer.attributes));
    return reply;
}

}  // namespace ngx_enroll::est
