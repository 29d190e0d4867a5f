// One request of a device, in the order in which it happens: method, TLS, certificate, body,
// token, CSR, signerd. device_reply.cpp makes what comes back into a response.
#include "ngx_enroll_module/device.h"

#include "libpki/base/utf8.h"
#include "libpki/est/body.h"
#include "libpki/est/status.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/csr.h"
#include "ngx_common/body.h"
#include "ngx_common/client_certificate.h"
#include "ngx_common/guard.h"
#include "ngx_common/headers.h"
#include "ngx_common/login_guard.h"
#include "ngx_common/report_log.h"
#include "ngx_enroll_module/device_json.h"
#include "ngx_enroll_module/device_reply.h"

namespace ngx_enroll::enroll {

namespace {

namespace wire = pki::wire;

constexpr ngx_int_t kTooEarly = 425;  // RFC 8470 5.2, which nginx has no name for

ZoneConf& zone_of(ngx_http_request_t* r) { return main_conf_of(r).module.zone; }

bool is_bootstrap(const EnrollExchange& exchange) {
    return conf_of(exchange.request).serves == kBootstrap;
}

ngx_int_t refuse_with(EnrollExchange& exchange, pki::Errc code, std::string_view line) {
    return refuse_with(exchange, pki::name(code), pki::est::http_status(code), line);
}

// The cause goes to the log as literals: text of the client is not ours to print there.
ngx_int_t refuse_with(EnrollExchange& exchange, const pki::Error& error) {
    const ngx_uint_t level = error.code == pki::Errc::internal ? NGX_LOG_ERR : NGX_LOG_INFO;
    ngx_log_error(level, exchange.request->connection->log, 0,
                  "enroll: request refused: %s at byte %uz", error.text, error.offset);
    return refuse_with(exchange, error.code,
                       pki::client_visible(error.code) ? error.text : "internal error");
}

ngx_int_t refuse_size(EnrollExchange& exchange) {
    return refuse_with(exchange, "malformed", NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                       "the request body is too large");
}

ngx_int_t refuse_busy(EnrollExchange& exchange) {
    return refuse_with(exchange, pki::Errc::unavailable,
                       "too many requests are being worked on, try again later");
}

// --- the certificate of a renewal ---

ngx_int_t refuse_certificate(EnrollExchange& exchange, const char* cause) {
    exchange.cause = cause;
    // RFC 9110 11.6.1 wants a challenge, and there is no registered scheme for a certificate.
    add_challenge(exchange.request, "TLS-Client-Certificate realm=\"enroll\"");
    return refuse_with(exchange, pki::Errc::unauthenticated,
                       "a client certificate of this service is required");
}

ngx_int_t check_certificate(EnrollExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    if (!has_client_certificate(r))
        return refuse_certificate(exchange, "no client certificate");
    exchange.subject = presented_subject(r);
    auto certificate = verified_client_certificate(r, conf_of(r).device.anchors);
    if (!certificate) return refuse_certificate(exchange, certificate.error().text);
    // OpenSSL reads forms that we do not: such a certificate has no name here.
    if (exchange.subject.empty()) exchange.subject = "(unnamed)";
    pki::cut_text(exchange.subject, pki::limits::kCredentialName);
    exchange.client_certificate = *std::move(certificate);
    return NGX_OK;
}

// --- the request ---

// Neither a dump nor $request_body shall have the token.
void wipe_body(ngx_http_request_t* r, pki::Bytes joined) {
    if (joined.empty()) return;
    OPENSSL_cleanse(const_cast<std::uint8_t*>(joined.data()), joined.size());
    for (ngx_chain_t* link = r->request_body->bufs; link != nullptr; link = link->next)
        if (ngx_buf_in_memory(link->buf))
            OPENSSL_cleanse(link->buf->pos,
                            static_cast<std::size_t>(link->buf->last - link->buf->pos));
}

// What of the request is not in the body.
wire::IssueRequest issue_request(const EnrollExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    wire::IssueRequest request;
    request.profile = view(conf_of(r).device.profile);
    request.protocol = wire::Protocol::enroll;
    request.operation = wire::Operation::enroll;
    request.possession_verified = true;
    request.client_address = client_address(r->connection);
    request.want_chain = true;
    if (is_bootstrap(exchange)) {
        request.single_use = true;
        return request;
    }
    request.operation = wire::Operation::renew;
    request.credential = wire::Credential::certificate;
    request.credential_name = exchange.subject;
    request.client_certificate = exchange.client_certificate;
    return request;
}

ngx_int_t ask(EnrollExchange& exchange, pki::Bytes csr, pki::Bytes token_sha256) {
    const std::string transaction = new_transaction();
    wire::IssueRequest request = issue_request(exchange);
    request.csr = csr;
    request.token_sha256 = token_sha256;
    request.transaction = transaction;
    exchange.id = next_request_id();
    auto frame = wire::encode(request, exchange.id);
    if (!frame) return refuse_with(exchange, frame.error());
    exchange.frame = *std::move(frame);
    exchange.build_reply = device_issue_reply;
    return ask_signer(exchange, conf_of(exchange.request).upstream, ngx_enroll_module);
}

// The same whether the token is good or not: nobody has looked at it.
ngx_int_t refuse_locked_out(EnrollExchange& exchange, std::uint32_t seconds) {
    exchange.retry_after = static_cast<time_t>(seconds);
    return refuse_with(exchange, pki::Errc::limited,
                       "too many tokens were wrong, try again later");
}

ngx_int_t refuse_csr(EnrollExchange& exchange, pki::Bytes der, const pki::Error& error) {
    exchange.csr_sha256 = pki::ossl::sha256(der);
    return refuse_with(exchange, error);
}

ngx_int_t enroll(EnrollExchange& exchange, const DeviceRequest& request) {
    const auto der = pki::est::decode_csr_body(pki::as_bytes(request.csr.view()));
    if (!der) return refuse_with(exchange, der.error());
    const auto csr = pki::x509::parse_csr(*der);
    if (!csr) return refuse_csr(exchange, *der, csr.error());
    if (const auto possession = pki::x509::verify_possession(*csr); !possession)
        return refuse_csr(exchange, *der, possession.error());
    if (!is_bootstrap(exchange)) return ask(exchange, *der, {});
    ngx_http_request_t* r = exchange.request;
    if (const auto seconds = login_wait(zone_of(r), conf_of(r).limits, r); seconds != 0)
        return refuse_locked_out(exchange, seconds);
    const pki::ossl::Sha256 hash = pki::ossl::sha256(pki::as_bytes(request.token.view()));
    return ask(exchange, *der, hash);
}

ngx_int_t read_request(EnrollExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    if (!exchange.place.take(zone_of(r), *conf_of(r).limits.location))
        return refuse_busy(exchange);
    const auto body = joined_body(r, pki::limits::kJsonRequest);
    if (!body)
        return body.error().code == pki::Errc::limited ? refuse_size(exchange)
                                                       : refuse_with(exchange, body.error());
    const auto request = parse_device_request(
        *body, is_bootstrap(exchange) ? DeviceForm::bootstrap : DeviceForm::renewal);
    if (r->request_body != nullptr) wipe_body(r, *body);
    if (!request) return refuse_with(exchange, request.error());
    return enroll(exchange, *request);
}

void after_body(ngx_http_request_t* r) {
    const auto rc = guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                       [&] { return read_request(*find_exchange(r)); });
    if (rc == NGX_DONE) return;
    find_exchange(r)->place.leave();
    ngx_http_finalize_request(r, rc);
}

// What the headers alone tell, so that a refusal costs no body.
ngx_int_t check_headers(EnrollExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    const ngx_table_elt_t* type = r->headers_in.content_type;
    if (type == nullptr || !pki::est::media_type_is(view(type->value), "application/json"))
        return refuse_with(exchange, "unsupported", NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,
                           "the Content-Type must be application/json");
    if (r->headers_in.content_length_n > static_cast<off_t>(pki::limits::kJsonRequest))
        return refuse_size(exchange);
    return NGX_OK;
}

ngx_int_t check_connection(EnrollExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    if (r->method != NGX_HTTP_POST) {
        add_header(r, "Allow", lend("POST"));  // RFC 9110 15.5.6
        return refuse_with(exchange, "unsupported", NGX_HTTP_NOT_ALLOWED,
                           "the method is not allowed here");
    }
    // A token is worth a certificate to whoever reads it.
    if (r->connection->ssl == nullptr)
        return refuse_with(exchange, pki::Errc::denied, "enrolment needs HTTPS");
    // RFC 8470 5.2: what arrives before the handshake's end could have been replayed.
    if (SSL_in_init(r->connection->ssl->connection))
        return refuse_with(exchange, "unavailable", kTooEarly,
                           "not in early data, send it again");
    return NGX_OK;
}

}  // namespace

ngx_int_t serve_device(EnrollExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    if (const ngx_int_t rc = check_connection(exchange); rc != NGX_OK) return rc;
    // What finds no place later would have been sent in vain.
    if (shed_early(zone_of(r), *conf_of(r).limits.location)) return refuse_busy(exchange);
    if (!is_bootstrap(exchange)) {
        if (const ngx_int_t rc = check_certificate(exchange); rc != NGX_OK) return rc;
    }
    if (const ngx_int_t rc = check_headers(exchange); rc != NGX_OK) return rc;
    return read_body(r, after_body);
}

}  // namespace ngx_enroll::enroll
