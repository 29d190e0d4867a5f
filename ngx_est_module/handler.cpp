// One request of EST, in the order in which it happens: route, method, TLS, credentials,
// body, CSR, signerd. reply.cpp makes what comes back into a response.

#include <algorithm>
#include <array>

#include "libpki/cmc/limits.h"
#include "libpki/cmc/message.h"
#include "libpki/est/body.h"
#include "libpki/est/status.h"
#include "libpki/wire/lookup.h"
#include "libpki/x509/csr.h"
#include "ngx_common/body.h"
#include "ngx_common/client_certificate.h"
#include "ngx_common/guard.h"
#include "ngx_common/headers.h"
#include "ngx_common/log_phase.h"
#include "ngx_common/report_log.h"
#include "ngx_est_module/auth.h"
#include "ngx_est_module/channel_binding.h"
#include "ngx_est_module/est.h"
#include "ngx_est_module/full_cmc.h"
#include "ngx_est_module/keygen.h"
#include "ngx_est_module/reply.h"
#include "ngx_est_module/request.h"

namespace ngx_enroll::est {

namespace {

namespace wire = pki::wire;
using pki::est::Operation;

constexpr ngx_int_t kTooEarly = 425;  // RFC 8470 5.2, which nginx has no name for

ngx_int_t refuse_with(EstExchange& exchange, pki::Errc code, std::string_view line) {
    exchange.outcome = pki::name(code);
    return refuse(exchange, pki::est::http_status(code), line);
}

// The cause goes to the log as literals: text of the client is not ours to print there.
ngx_int_t refuse_with(EstExchange& exchange, const pki::Error& error) {
    const ngx_uint_t level = error.code == pki::Errc::internal ? NGX_LOG_ERR : NGX_LOG_INFO;
    ngx_log_error(level, exchange.request->connection->log, 0,
                  "est: request refused: %s at byte %uz", error.text, error.offset);
    return refuse_with(exchange, error.code,
                       pki::client_visible(error.code) ? error.text : "internal error");
}

ngx_int_t refuse_size(EstExchange& exchange) {
    exchange.outcome = pki::name(pki::Errc::malformed);
    return refuse(exchange, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE, "the request body is too large");
}

template <class Message>
ngx_int_t ask(EstExchange& exchange, const Message& message,
              SignerExchange::ReplyBuilder build_reply) {
    exchange.id = next_request_id();
    auto frame = wire::encode(message, exchange.id);
    if (!frame) return refuse_with(exchange, frame.error());
    exchange.frame = std::move(*frame);
    exchange.build_reply = build_reply;
    return ask_signer(exchange, conf_of(exchange.request).upstream, ngx_est_module);
}

ngx_int_t refuse_busy(EstExchange& exchange) {
    return refuse_with(exchange, pki::Errc::unavailable,
                       "too many requests are being worked on, try again later");
}

// Before the body is read: what finds no place then would have been sent in vain.
ngx_int_t shed_early(EstExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    const bool full = ngx_enroll::shed_early(zone_of(r), *conf_of(r).limits.location);
    return full ? refuse_busy(exchange) : NGX_OK;
}

// Runs a step after the body, in the place that the request takes then; what it refuses ends
// the request.
template <class Step>
void run_step(ngx_http_request_t* r, Step&& step) {
    const auto rc = guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&] {
        EstExchange& exchange = *find_exchange(r);
        const bool placed = exchange.place.take(zone_of(r), *conf_of(r).limits.location);
        return placed ? step() : refuse_busy(exchange);
    });
    if (rc == NGX_DONE) return;
    find_exchange(r)->place.leave();
    ngx_http_finalize_request(r, rc);
}

ngx_int_t ask_for_ca_certs(EstExchange& exchange) {
    wire::CaCertsRequest request;
    request.profile = exchange.profile;
    return ask(exchange, request, ca_certs_reply);
}

// RFC 7030 4.1.2: no client authentication.
ngx_int_t start_ca_certs(EstExchange& exchange) {
    if (const ngx_int_t rc = shed_early(exchange); rc != NGX_OK) return rc;
    return read_body(exchange.request, [](ngx_http_request_t* r) {
        run_step(r, [&] { return ask_for_ca_certs(*find_exchange(r)); });
    });
}

ngx_int_t ask_for_csr_attributes(EstExchange& exchange) {
    wire::CsrAttributesRequest request;
    request.profile = exchange.profile;
    request.channel_binding = conf_of(exchange.request).channel_binding == kBindingRequired;
    return ask(exchange, request, csr_attributes_reply);
}

// RFC 7030 4.5.1: no client authentication either.
ngx_int_t start_csr_attributes(EstExchange& exchange) {
    if (const ngx_int_t rc = shed_early(exchange); rc != NGX_OK) return rc;
    return read_body(exchange.request, [](ngx_http_request_t* r) {
        run_step(r, [&] { return ask_for_csr_attributes(*find_exchange(r)); });
    });
}

ngx_int_t send_csr(EstExchange& exchange, const LocConf& conf, pki::Bytes csr) {
    const std::string transaction = new_transaction();
    wire::IssueRequest request = request_of(exchange, conf, transaction);
    request.csr = csr;
    if (exchange.operation == Operation::simplereenroll)
        request.operation = wire::Operation::renew;
    request.want_chain = conf.chain ? 1 : 0;
    if (exchange.operation == Operation::serverkeygen) {
        request.possession_verified = false;
        request.make_key = true;
        exchange.take_answer = take_key_answer;
    }
    return ask(exchange, request, enroll_reply);
}

ngx_int_t refuse_csr(EstExchange& exchange, pki::Bytes der, const pki::Error& error) {
    exchange.csr_sha256 = pki::ossl::sha256(der);
    return refuse_with(exchange, error);
}

ngx_int_t enroll(EstExchange& exchange) {
    if (exchange.operation == Operation::fullcmc) return full_cmc(exchange);
    ngx_http_request_t* r = exchange.request;
    const LocConf& conf = conf_of(r);
    const auto body = joined_body(r, pki::limits::kBody);
    if (!body)
        return body.error().code == pki::Errc::limited ? refuse_size(exchange)
                                                       : refuse_with(exchange, body.error());
    const auto der = pki::est::decode_csr_body(*body);
    if (!der) return refuse_with(exchange, der.error());
    const auto csr = pki::x509::parse_csr(*der);
    if (!csr) return refuse_csr(exchange, *der, csr.error());
    if (exchange.operation == Operation::serverkeygen) {
        if (const auto delivery = prepare_key_delivery(exchange, *der); !delivery)
            return refuse_csr(exchange, *der, delivery.error());
    } else if (conf.verify_csr) {
        if (const auto possession = pki::x509::verify_possession(*csr); !possession)
            return refuse_csr(exchange, *der, possession.error());
    }
    if (const auto bound = bound_to_connection(exchange, *csr); !bound) {
        exchange.csr_sha256 = pki::ossl::sha256(*der);
        return refuse_binding(exchange, bound.error());
    }
    return send_csr(exchange, conf, *der);
}

// The body is there and the client is known.
void go_on(EstExchange& exchange) {
    run_step(exchange.request, [&] { return enroll(exchange); });
}

void after_body(ngx_http_request_t* r) { go_on(*find_exchange(r)); }

void after_body_check_password(ngx_http_request_t* r) {
    run_step(r, [&] { return check_slow_hash(*find_exchange(r), conf_of(r), go_on); });
}

// Not in RFC 7030: the header of the IETF's HTTPAPI draft, for clients that want to be sure.
ngx_int_t take_idempotency_key(EstExchange& exchange) {
    const HeaderValue key = find_header(exchange.request, "Idempotency-Key");
    if (key.presence == Presence::absent) return NGX_OK;
    const bool visible =
        std::ranges::all_of(key.value, [](unsigned char c) { return c >= 0x21 && c <= 0x7e; });
    if (key.presence == Presence::repeated || key.value.empty() ||
        key.value.size() > pki::limits::kIdempotencyKey || !visible)
        return refuse_with(exchange, pki::Errc::malformed,
                           "Idempotency-Key must be one value of 1 to 128 visible characters");
    exchange.idempotency_key = key.value;
    return NGX_OK;
}

struct BodyRules {
    bool (*is_media_type)(std::string_view header);
    const char* media_type;
    std::size_t size;
};

const BodyRules& body_rules(Operation operation) {
    static constexpr BodyRules kCsr{pki::est::is_csr_media_type, "application/pkcs10",
                                    pki::limits::kBody};
    static constexpr BodyRules kFullCmc{pki::cmc::is_request_media_type,
                                        "application/pkcs7-mime; smime-type=CMC-request",
                                        pki::limits::kCmcBody};
    return operation == Operation::fullcmc ? kFullCmc : kCsr;
}

// What the headers alone tell, so that a refusal costs no body.
ngx_int_t check_enroll_headers(EstExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    const BodyRules& rules = body_rules(exchange.operation);
    const ngx_table_elt_t* type = r->headers_in.content_type;
    if (type == nullptr || !rules.is_media_type(view(type->value))) {
        exchange.outcome = pki::name(pki::Errc::unsupported);
        return refuse(exchange, NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,
                      std::string("the Content-Type must be ") + rules.media_type);
    }
    if (r->headers_in.content_length_n > static_cast<off_t>(rules.size))
        return refuse_size(exchange);
    return take_idempotency_key(exchange);
}

ngx_int_t start_enroll(EstExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    const LocConf& conf = conf_of(r);
    // RFC 8470 5.2: what arrives before the handshake's end could have been replayed.
    if (SSL_in_init(r->connection->ssl->connection)) {
        exchange.outcome = pki::name(pki::Errc::unavailable);
        return refuse(exchange, kTooEarly, "not in early data, send it again");
    }
    if (const ngx_int_t rc = shed_early(exchange); rc != NGX_OK) return rc;
    const AuthResult auth = authenticate(exchange, conf);
    if (auth.verdict == Verdict::refused) return auth.status;
    if (const ngx_int_t rc = check_enroll_headers(exchange); rc != NGX_OK) return rc;
    return read_body(
        r, auth.verdict == Verdict::slow_hash ? after_body_check_password : after_body);
}

struct Row {
    Operation operation;
    ngx_uint_t methods;
    std::string_view allow;  // for the Allow header of a 405 (RFC 9110 15.5.6)
    ngx_int_t (*start)(EstExchange&);
};

constexpr std::array kOperations{
    Row{Operation::cacerts, NGX_HTTP_GET | NGX_HTTP_HEAD, "GET, HEAD", start_ca_certs},
    Row{Operation::csrattrs, NGX_HTTP_GET | NGX_HTTP_HEAD, "GET, HEAD", start_csr_attributes},
    Row{Operation::simpleenroll, NGX_HTTP_POST, "POST", start_enroll},
    Row{Operation::simplereenroll, NGX_HTTP_POST, "POST", start_enroll},
    Row{Operation::serverkeygen, NGX_HTTP_POST, "POST", start_enroll},
    Row{Operation::fullcmc, NGX_HTTP_POST, "POST", start_enroll},
};

const Row& row_of(Operation operation) {
    return *std::ranges::find(kOperations, operation, &Row::operation);
}

// A label is served where est_label names it, or where the location's own prefix holds it.
bool profile_of_label(std::string_view label, ngx_http_request_t* r, const LocConf& conf,
                      std::string_view& profile) {
    profile = view(conf.profile);
    if (label.empty()) return true;
    if (conf.labels != nullptr) {
        auto* labels = static_cast<Label*>(conf.labels->elts);
        for (ngx_uint_t i = 0; i < conf.labels->nelts; i++) {
            if (view(labels[i].label) != label) continue;
            if (labels[i].profile.len != 0) profile = view(labels[i].profile);
            return true;
        }
    }
    auto* core = static_cast<ngx_http_core_loc_conf_t*>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
#if (NGX_PCRE)
    if (core->regex != nullptr) return false;  // its name is the expression
#endif
    const std::string prefix = "/.well-known/est/" + std::string(label);
    const std::string_view location = view(core->name);
    return location.starts_with(prefix) &&
           (location.size() == prefix.size() || location[prefix.size()] == '/');
}

// RFC 7030 3.2.2: what a server does not do is not there.
bool is_served(Operation operation, const LocConf& conf) {
    if (operation == Operation::serverkeygen) return conf.keygen;
    return operation != Operation::fullcmc || conf.full_cmc;
}

// nginx refused the client's certificate, and error_page brought the request here all the same.
// One that is over is for a renewal, as far as est_renew_expired goes; any other for nothing.
ngx_int_t check_listener(EstExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    if (listener_refuses_certificate(r) == nullptr) return NGX_OK;
    const long result = SSL_get_verify_result(r->connection->ssl->connection);
    if (result != X509_V_ERR_CERT_HAS_EXPIRED)
        return refuse_with(exchange, pki::Errc::denied, "the client certificate was refused");
    if (exchange.operation == Operation::simplereenroll) return NGX_OK;
    return refuse_with(exchange, pki::Errc::denied,
                       "with this client certificate there is only renewal");
}

ngx_int_t handle(ngx_http_request_t* r) {
    EstExchange& exchange = *exchange_of(r);
    const LocConf& conf = conf_of(r);
    const auto route = pki::est::route(view(r->uri));
    if (!route || !is_served(route->operation, conf) ||
        !profile_of_label(route->label, r, conf, exchange.profile))
        return refuse_with(exchange, pki::Errc::not_found, "no such EST resource");
    exchange.operation = route->operation;
    exchange.routed = true;

    const Row& row = row_of(route->operation);
    if (!(r->method & row.methods)) {
        add_header(r, "Allow", lend(row.allow));
        exchange.outcome = pki::name(pki::Errc::unsupported);
        return refuse(exchange, NGX_HTTP_NOT_ALLOWED, "the method is not allowed here");
    }
    // RFC 7030 3.3: HTTPS is mandatory.
    if (r->connection->ssl == nullptr)
        return refuse_with(exchange, pki::Errc::denied, "EST needs HTTPS");
    if (const ngx_int_t rc = check_listener(exchange); rc != NGX_OK) return rc;
    return row.start(exchange);
}

}  // namespace

EstExchange* exchange_of(ngx_http_request_t* r) {
    EstExchange* exchange = find_exchange(r);
    if (exchange == nullptr) {
        exchange = new_in_pool<EstExchange>(r->pool, r);
        ngx_http_set_ctx(r, static_cast<void*>(exchange), ngx_est_module);
        log_phase_exchange(*exchange);
    }
    return exchange;
}

ngx_int_t handler(ngx_http_request_t* r) {
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR,
                              [&] { return handle(r); });
}

}  // namespace ngx_enroll::est
