#include "ngx_enroll_module/ocsp.h"

#include "libpki/base/base64.h"
#include "ngx_common/body.h"
#include "ngx_common/guard.h"
#include "ngx_common/headers.h"
#include "ngx_enroll_module/freshness.h"
#include "ngx_enroll_module/ocsp_request.h"

namespace ngx_enroll::enroll {

namespace {

namespace wire = pki::wire;
using pki::x509::OcspError;

constexpr std::size_t kErrors = 7;  // of OcspError, and those between

// A response is not given out of the cache in its last seconds: it would be too old where it
// arrives.
constexpr time_t kMargin = 30;

constexpr std::string_view kContentType = "application/ocsp-response";

const ProtocolError& error_of(ngx_http_request_t* r, OcspError error) {
    return main_conf_of(r).ocsp_errors[static_cast<std::size_t>(error)];
}

// --- answers of our own ---

ngx_int_t send(ngx_http_request_t* r, const ngx_str_t& body) {
    // The conditions of a POST are not about the answer (RFC 9110 13.1).
    if (r->method != NGX_HTTP_GET) r->disable_not_modified = 1;
    return send_reply(r, {NGX_HTTP_OK, lend(kContentType), body});
}

ngx_int_t send_error(EnrollExchange& exchange, OcspError error, std::string_view outcome) {
    exchange.outcome = outcome;
    add_no_store(exchange.request);
    return send(exchange.request, error_of(exchange.request, error).body);
}

void add_headers(ngx_http_request_t* r, const OcspFacts& facts) {
    if (facts.next_update == 0) return add_no_store(r);
    std::array<std::uint8_t, sizeof(facts.tag)> octets;
    ngx_memcpy(octets.data(), &facts.tag, octets.size());
    add_freshness(r, {static_cast<time_t>(facts.this_update),
                      static_cast<time_t>(facts.next_update), pki::hex_encode(octets), true});
}

// --- the cache ---

OcspKey key_of(const EnrollExchange& exchange) {
    return {conf_of(exchange.request).signer, exchange.serial, exchange.cert_id};
}

struct Kept {
    OcspFacts facts;
    ngx_str_t response;
};

std::optional<Kept> look_up(EnrollExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    const OcspLock cache(main_conf_of(r).cache);
    const auto hit = cache->find(key_of(exchange), ngx_time() + kMargin);
    if (!hit) return std::nullopt;
    auto* copy = static_cast<u_char*>(ngx_pnalloc(r->pool, hit->size));
    if (copy == nullptr) throw std::bad_alloc();
    cache->copy(*hit, copy);
    return Kept{hit->facts, {hit->size, copy}};
}

void keep(EnrollExchange& exchange, const OcspFacts& facts, const wire::OcspReply& reply) {
    if (exchange.cert_id.empty()) return;
    const OcspLock cache(main_conf_of(exchange.request).cache);
    cache->insert(key_of(exchange), facts, reply.change, reply.response, ngx_time() + kMargin);
}

// --- signerd's answers ---

std::pair<OcspError, std::string_view> error_for(pki::Errc code) {
    switch (code) {
        case pki::Errc::malformed: return {OcspError::malformed_request, "malformed"};
        case pki::Errc::unsupported:
        case pki::Errc::denied:
        case pki::Errc::not_found: return {OcspError::unauthorized, "not_found"};
        case pki::Errc::limited:
        case pki::Errc::unavailable: return {OcspError::try_later, "unavailable"};
        default: return {OcspError::internal_error, "internal"};
    }
}

pki::Result<Reply> reply_of(EnrollExchange& exchange, const wire::Frame& frame) {
    ngx_http_request_t* r = exchange.request;
    Reply reply;
    reply.content_type = lend(kContentType);
    if (frame.header.kind == wire::Kind::error_reply) {
        PKI_TRY(const wire::ErrorReply error, wire::decode<wire::ErrorReply>(frame));
        const auto [answer, outcome] = error_for(error.code);
        exchange.outcome = outcome;
        add_no_store(r);
        reply.body = error_of(r, answer).body;
        return reply;
    }
    PKI_TRY(const wire::OcspReply answer, wire::decode<wire::OcspReply>(frame));
    if (answer.response.empty()) return pki::fail(pki::Errc::malformed, "no response");
    OcspFacts facts{answer.this_update, answer.next_update, 0};
    const pki::ossl::Sha256 hash = pki::ossl::sha256(answer.response);
    ngx_memcpy(&facts.tag, hash.data(), sizeof(facts.tag));
    keep(exchange, facts, answer);
    exchange.outcome = "ok";
    add_headers(r, facts);
    reply.body = {answer.response.size(), const_cast<u_char*>(answer.response.data())};
    return reply;
}

pki::Result<Reply> build_reply(SignerExchange& exchange, const wire::Frame& frame) {
    return reply_of(static_cast<EnrollExchange&>(exchange), frame);
}

// --- a request ---

ngx_int_t refuse_request(EnrollExchange& exchange, const pki::Error& error) {
    ngx_log_error(NGX_LOG_INFO, exchange.request->connection->log, 0,
                  "ocsp: request refused: %s at byte %uz", error.text, error.offset);
    // The hash of an issuer that we cannot compute names nobody that we know.
    if (error.code == pki::Errc::unsupported)
        return send_error(exchange, OcspError::unauthorized, "not_found");
    return send_error(exchange, OcspError::malformed_request, "malformed");
}

ngx_int_t ask(EnrollExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    LocConf& conf = conf_of(r);
    if (!exchange.place.take(main_conf_of(r).module.zone, *conf.limits.location))
        return send_error(exchange, OcspError::try_later, "unavailable");
    return ask_signer(exchange, conf.upstream, ngx_enroll_module);
}

void prepare_question(EnrollExchange& exchange, const pki::x509::OcspRequest& request,
                      bool nonce) {
    wire::OcspRequest question;
    for (const auto& id : request.requests) question.cert_ids.push_back(id.encoding);
    if (nonce) question.nonce = *request.nonce;
    exchange.id = next_request_id();
    auto frame = wire::encode(question, exchange.id);
    if (!frame) throw std::runtime_error(frame.error().text);
    exchange.frame = *std::move(frame);
    exchange.build_reply = build_reply;
}

// NGX_AGAIN: signerd has to be asked, and the question is there. Else it was answered.
ngx_int_t answer_here(EnrollExchange& exchange, pki::Bytes der) {
    ngx_http_request_t* r = exchange.request;
    const auto request = pki::x509::parse_ocsp_request(der);
    if (!request) return refuse_request(exchange, request.error());
    const bool nonce = conf_of(r).nonce && request->nonce.has_value();
    exchange.cache = "bypass";
    if (request->nonce_critical && !nonce)
        return send_error(exchange, OcspError::malformed_request, "malformed");
    if (main_conf_of(r).cache.size != 0 && request->requests.size() == 1 && !nonce) {
        exchange.cert_id = request->requests.front().encoding;
        exchange.serial = request->requests.front().serial;
        if (const auto kept = look_up(exchange)) {
            exchange.cache = "hit";
            exchange.outcome = "ok";
            add_headers(r, kept->facts);
            return send(r, kept->response);
        }
        exchange.cache = "miss";
    }
    prepare_question(exchange, *request, nonce);
    return NGX_AGAIN;
}

// After the body: what is over ends the request.
template <class Step>
void run_step(ngx_http_request_t* r, Step&& step) {
    const auto rc = guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                       [&] { return step(*find_exchange(r)); });
    if (rc == NGX_DONE) return;
    find_exchange(r)->place.leave();
    ngx_http_finalize_request(r, rc);
}

ngx_int_t refuse_size(EnrollExchange& exchange) {
    return refuse_with(exchange, "malformed", NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                       "the request body is too large");
}

ngx_int_t answer_body(EnrollExchange& exchange) {
    const auto body = joined_body(exchange.request, pki::limits::kOcspRequest);
    if (!body && body.error().code == pki::Errc::limited) return refuse_size(exchange);
    if (!body) throw std::runtime_error(body.error().text);
    const ngx_int_t rc = answer_here(exchange, *body);
    return rc == NGX_AGAIN ? ask(exchange) : rc;
}

ngx_int_t serve_post(EnrollExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    const ngx_table_elt_t* type = r->headers_in.content_type;
    if (type == nullptr || !is_media_type(view(type->value), "application/ocsp-request"))
        return refuse_with(exchange, "unsupported", NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,
                           "the Content-Type must be application/ocsp-request");
    if (r->headers_in.content_length_n > static_cast<off_t>(pki::limits::kOcspRequest))
        return refuse_size(exchange);
    return read_body(r, [](ngx_http_request_t* request) { run_step(request, answer_body); });
}

ngx_int_t serve_get(EnrollExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    if (const ngx_int_t rc = ngx_http_discard_request_body(r); rc != NGX_OK) return rc;
    auto der = request_of_path(r);
    if (!der) return refuse_request(exchange, der.error());
    exchange.der = *std::move(der);
    if (const ngx_int_t rc = answer_here(exchange, exchange.der); rc != NGX_AGAIN) return rc;
    return read_body(r, [](ngx_http_request_t* request) { run_step(request, ask); });
}

}  // namespace

ProtocolError* make_ocsp_errors(ngx_pool_t* pool) {
    auto* errors =
        static_cast<ProtocolError*>(ngx_pcalloc(pool, kErrors * sizeof(ProtocolError)));
    if (errors == nullptr) throw std::bad_alloc();
    for (const OcspError error : {OcspError::malformed_request, OcspError::internal_error,
                                  OcspError::try_later, OcspError::unauthorized}) {
        const pki::Buffer der = pki::x509::build_ocsp_error(error);
        errors[static_cast<std::size_t>(error)] = {lend(kContentType),
                                                   copy_to_pool(pool, pki::as_text(der))};
    }
    return errors;
}

const ProtocolError* ocsp_error_for(ngx_http_request_t* r, ngx_uint_t status) {
    if (conf_of(r).serves != kOcsp || status < NGX_HTTP_INTERNAL_SERVER_ERROR) return nullptr;
    const bool away = status == NGX_HTTP_BAD_GATEWAY ||
                      status == NGX_HTTP_SERVICE_UNAVAILABLE ||
                      status == NGX_HTTP_GATEWAY_TIME_OUT;
    return &error_of(r, away ? OcspError::try_later : OcspError::internal_error);
}

ngx_int_t serve_ocsp(EnrollExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    if (r->method == NGX_HTTP_GET) return serve_get(exchange);
    if (r->method == NGX_HTTP_POST) return serve_post(exchange);
    add_header(r, "Allow", lend("GET, POST"));  // RFC 9110 15.5.6
    return refuse_with(exchange, "unsupported", NGX_HTTP_NOT_ALLOWED,
                       "the method is not allowed here");
}

}  // namespace ngx_enroll::enroll
