// One request of SCEP, in the order in which it happens: path, query, method, TLS client
// certificate, body. What the message says comes after that: open.cpp, ask.cpp, answer.cpp.

#include <algorithm>

#include "ngx_common/body.h"
#include "ngx_common/client_certificate.h"
#include "ngx_common/guard.h"
#include "ngx_common/headers.h"
#include "ngx_common/log_phase.h"
#include "ngx_scep_module/get.h"
#include "ngx_scep_module/open.h"
#include "ngx_scep_module/route.h"
#include "ngx_scep_module/status.h"

namespace ngx_enroll::scep {

namespace {

using pki::scep::Operation;

ngx_int_t refuse_size(ScepExchange& exchange) {
    exchange.outcome = pki::name(pki::Errc::malformed);
    return refuse(exchange, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE, "the request body is too large");
}

ngx_int_t refuse_busy(ScepExchange& exchange) {
    return refuse_with(exchange, pki::Errc::unavailable,
                       "too many requests are being worked on, try again later");
}

// Runs a step after the body, in the place that the request takes then.
ngx_int_t in_place(ScepExchange& exchange, ngx_int_t (*step)(ScepExchange&)) {
    ngx_http_request_t* r = exchange.request;
    const bool placed = exchange.place.take(zone_of(r), *conf_of(r).limits.location);
    return placed ? step(exchange) : refuse_busy(exchange);
}

template <ngx_int_t (*Step)(ScepExchange&)>
void after_body(ngx_http_request_t* r) {
    const auto rc = guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                       [&] { return in_place(*find_exchange(r), Step); });
    if (rc == NGX_DONE) return;
    find_exchange(r)->place.leave();
    ngx_http_finalize_request(r, rc);
}

template <ngx_int_t (*Step)(ScepExchange&)>
ngx_int_t start_get(ScepExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    if (ngx_enroll::shed_early(zone_of(r), *conf_of(r).limits.location))
        return refuse_busy(exchange);
    return read_body(r, after_body<Step>);
}

ngx_int_t start_get_ca_caps(ScepExchange& exchange) {
    if (const ngx_int_t rc = ngx_http_discard_request_body(exchange.request); rc != NGX_OK)
        return rc;
    return send_capabilities(exchange);
}

// The certificate beside the challenge, where the location wants both.
ngx_int_t check_client_certificate(ScepExchange& exchange, const LocConf& conf) {
    ngx_http_request_t* r = exchange.request;
    if (conf.anchors == nullptr) return NGX_OK;
    auto der = r->connection->ssl == nullptr
                   ? pki::Result<pki::Buffer>(
                         pki::fail(pki::Errc::unauthenticated, "no TLS, so no certificate"))
                   : verified_client_certificate(r, conf.anchors);
    const auto certificate = der ? pki::x509::parse_certificate(*der)
                                 : pki::Result<pki::x509::Certificate>(der.error());
    if (!certificate) {
        exchange.cause = certificate.error().text;
        if (r->connection->ssl != nullptr) exchange.presented_name = presented_subject(r);
        return refuse_with(exchange, pki::Errc::unauthenticated,
                           "a client certificate of this service is required");
    }
    exchange.credential = pki::wire::Credential::certificate;
    exchange.credential_name = pki::x509::name_text(certificate->tbs.subject);
    exchange.client_certificate = std::move(*der);
    return NGX_OK;
}

// The query of a GET holds the whole message: no log has room for that, and none needs it.
void shorten_query(ngx_http_request_t* r, std::string_view query) {
    if (query == view(r->args)) return;
    r->args = copy_to_pool(r->pool, std::string(query));
    const std::string uri = std::string(view(r->uri)) + "?" + std::string(query);
    r->unparsed_uri = copy_to_pool(r->pool, uri);
    r->request_line = copy_to_pool(r->pool, std::string(view(r->method_name)) + " " + uri +
                                                " " + std::string(view(r->http_protocol)));
}

// Of a query that is refused as much remains as tells what it was to be.
std::string_view beginning(std::string_view args) {
    constexpr std::size_t kShown = 40;
    return args.substr(0, std::min(args.find('&'), kShown));
}

ngx_int_t take_message(ScepExchange& exchange) {
    auto message = pki::scep::decode_message(exchange.sent, pki::limits::kScepMessage);
    if (!message) return refuse_with(exchange, message.error());
    exchange.der = std::move(*message);
    return open_message(exchange);
}

ngx_int_t take_body(ScepExchange& exchange) {
    const auto body = joined_body(exchange.request, pki::limits::kScepMessage);
    if (!body)
        return body.error().code == pki::Errc::limited ? refuse_size(exchange)
                                                       : refuse_with(exchange, body.error());
    exchange.der = pki::to_buffer(*body);
    return open_message(exchange);
}

ngx_int_t start_pki_operation(ScepExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    const LocConf& conf = conf_of(r);
    if (r->method == NGX_HTTP_POST &&
        r->headers_in.content_length_n > static_cast<off_t>(pki::limits::kScepMessage))
        return refuse_size(exchange);
    if (ngx_enroll::shed_early(zone_of(r), *conf.limits.location)) return refuse_busy(exchange);
    if (const ngx_int_t rc = check_client_certificate(exchange, conf); rc != NGX_OK) return rc;
    return read_body(
        r, r->method == NGX_HTTP_POST ? after_body<take_body> : after_body<take_message>);
}

struct Row {
    Operation operation;
    Task task;
    ngx_uint_t methods;
    std::string_view allow;  // for the Allow header of a 405 (RFC 9110 15.5.6)
    ngx_int_t (*start)(ScepExchange&);
};

constexpr ngx_uint_t kRead = NGX_HTTP_GET | NGX_HTTP_HEAD;

constexpr std::array kOperations{
    Row{Operation::get_ca_caps, Task::get_ca_caps, kRead, "GET, HEAD", start_get_ca_caps},
    Row{Operation::get_ca_cert, Task::get_ca_cert, kRead, "GET, HEAD",
        start_get<ask_for_ca_certs>},
    Row{Operation::get_next_ca_cert, Task::get_next_ca_cert, kRead, "GET, HEAD",
        start_get<ask_for_next_ca>},
    Row{Operation::pki_operation, Task::pki_operation, NGX_HTTP_GET | NGX_HTTP_POST,
        "GET, POST", start_pki_operation},
};

ngx_int_t handle(ngx_http_request_t* r) {
    ScepExchange& exchange = exchange_of(r);
    const auto query = pki::scep::parse_query(view(r->args));
    if (!query) shorten_query(r, beginning(view(r->args)));
    if (query && query->operation == Operation::pki_operation) {
        exchange.sent = query->message;
        shorten_query(r, "operation=PKIOperation");
    }
    const auto profile = profile_of_path(r);
    if (!profile) return refuse_with(exchange, pki::Errc::not_found, "no such SCEP resource");
    exchange.profile = *profile;
    if (!query) return refuse_with(exchange, query.error());
    const Row& row = *std::ranges::find(kOperations, query->operation, &Row::operation);
    exchange.task = row.task;
    if (!(r->method & row.methods)) {
        add_header(r, "Allow", lend(row.allow));
        exchange.outcome = pki::name(pki::Errc::unsupported);
        return refuse(exchange, NGX_HTTP_NOT_ALLOWED, "the method is not allowed here");
    }
    return row.start(exchange);
}

}  // namespace

ScepExchange& exchange_of(ngx_http_request_t* r) {
    ScepExchange* exchange = find_exchange(r);
    if (exchange == nullptr) {
        exchange = new_in_pool<ScepExchange>(r->pool, r);
        ngx_http_set_ctx(r, static_cast<void*>(exchange), ngx_scep_module);
        log_phase_exchange(*exchange);
    }
    return *exchange;
}

ngx_int_t refuse_with(ScepExchange& exchange, pki::Errc code, std::string_view line) {
    exchange.outcome = pki::name(code);
    return refuse(exchange, http_status(code), line);
}

ngx_int_t refuse_with(ScepExchange& exchange, const pki::Error& error) {
    const ngx_uint_t level = error.code == pki::Errc::internal ? NGX_LOG_ERR : NGX_LOG_INFO;
    ngx_log_error(level, exchange.request->connection->log, 0,
                  "scep: request refused: %s at byte %uz", error.text, error.offset);
    return refuse_with(exchange, error.code,
                       pki::client_visible(error.code) ? error.text : "internal error");
}

pki::scep::Rules rules_of(const LocConf& conf) {
    pki::scep::Rules rules;
    rules.hashes.sha1 = conf.sha1 || conf.legacy;
    rules.hashes.md5 = conf.legacy;
    rules.ciphers.des3 = conf.des3 || conf.legacy;
    rules.ciphers.des = conf.legacy;
    rules.lightweight = conf.lightweight;
    return rules;
}

ngx_int_t handler(ngx_http_request_t* r) {
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR,
                              [&] { return handle(r); });
}

}  // namespace ngx_enroll::scep
