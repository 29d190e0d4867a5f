#include "ngx_common/report_log.h"

#include <array>
#include <chrono>

#include "libpki/base/base64.h"
#include "libpki/base/utf8.h"
#include "libpki/ossl/handles.h"
#include "ngx_common/pool.h"

namespace ngx_enroll {

namespace {

std::int64_t now() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
}

// Names come from the client: one that is no plain text is left out.
void make_fit(NginxDecision& decision) {
    if (!pki::is_plain_text(decision.credential_name)) decision.credential_name.clear();
    pki::cut_text(decision.credential_name, pki::limits::kCredentialName);
    if (decision.credential_name.empty()) decision.credential = pki::wire::Credential::none;
    if (!pki::is_plain_text(decision.profile)) decision.profile = {};
    decision.detail = decision.detail.substr(0, pki::limits::kReportDetail);
    if (decision.transaction.empty()) decision.transaction = new_transaction();
}

}  // namespace

void report(ngx_http_request_t* r, Reporter& reporter, NginxDecision decision) {
    make_fit(decision);
    pki::wire::ReportedDecision reported;
    reported.time = now();
    reported.profile = decision.profile;
    reported.protocol = decision.protocol;
    reported.operation = decision.operation;
    reported.reason = decision.reason;
    reported.http_status = static_cast<std::uint16_t>(decision.status);
    reported.detail = decision.detail;
    reported.client_address = client_address(r->connection);
    reported.credential = decision.credential;
    reported.credential_name = decision.credential_name;
    reported.transaction = decision.transaction;
    if (decision.csr_sha256) reported.csr_sha256 = *decision.csr_sha256;
    reporter.add(reported);
}

ngx_uint_t final_status(const ngx_http_request_t* r) {
    return r->err_status != 0 ? r->err_status : r->headers_out.status;
}

pki::Errc reason_of(ngx_uint_t status) {
    switch (status) {
        case 401: return pki::Errc::unauthenticated;
        case 403: return pki::Errc::denied;
        case 404: return pki::Errc::not_found;
        case 405:
        case 415: return pki::Errc::unsupported;
        case 409: return pki::Errc::conflict;
        case 429: return pki::Errc::limited;
        case 425:
        case 502:
        case 503:
        case 504: return pki::Errc::unavailable;
        default: return status >= 500 ? pki::Errc::internal : pki::Errc::malformed;
    }
}

bool without_location(ngx_http_request_t* r) {
    const auto* server = static_cast<ngx_http_core_srv_conf_t*>(
        ngx_http_get_module_srv_conf(r, ngx_http_core_module));
    return r->loc_conf == server->ctx->loc_conf;
}

const char* refused_certificate(ngx_http_request_t* r) {
    const auto* conf = static_cast<ngx_http_ssl_srv_conf_t*>(
        ngx_http_get_module_srv_conf(r, ngx_http_ssl_module));
    if (r->connection->ssl == nullptr || conf->verify == 0) return nullptr;
    SSL* ssl = r->connection->ssl->connection;
    const long result = SSL_get_verify_result(ssl);
    if (result != X509_V_OK) return X509_verify_cert_error_string(result);
    const pki::ossl::X509Ptr leaf(SSL_get1_peer_certificate(ssl));
    return leaf == nullptr ? "no client certificate" : nullptr;
}

std::string new_transaction() {
    std::array<std::uint8_t, 16> random{};
    return pki::ossl::random_bytes(random) ? pki::hex_encode(random) : std::string();
}

std::string_view client_address(const ngx_connection_t* c) {
    return c->sockaddr->sa_family == AF_UNIX ? std::string_view("unix:") : view(c->addr_text);
}

ngx_int_t add_log_handler(ngx_conf_t* cf, ngx_http_handler_pt handler) {
    auto* main = static_cast<ngx_http_core_main_conf_t*>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
    auto* slot = static_cast<ngx_http_handler_pt*>(
        ngx_array_push(&main->phases[NGX_HTTP_LOG_PHASE].handlers));
    if (slot == nullptr) return NGX_ERROR;
    *slot = handler;
    return NGX_OK;
}

}  // namespace ngx_enroll
