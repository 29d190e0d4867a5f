#include "ngx_est_module/report.h"

#include "ngx_common/client_certificate.h"
#include "ngx_common/guard.h"

namespace ngx_enroll::est {

namespace {

namespace wire = pki::wire;
using pki::est::Operation;

// Marks the pool's entry that holds an exchange.
void exchange_mark(void*) {}

// Subrequests share the pool.
EstExchange* remembered_exchange(const ngx_http_request_t* r) {
    for (const ngx_pool_cleanup_t* entry = r->pool->cleanup; entry != nullptr;
         entry = entry->next) {
        if (entry->handler != exchange_mark) continue;
        auto* exchange = static_cast<EstExchange*>(entry->data);
        if (exchange->request == r) return exchange;
    }
    return nullptr;
}

EstExchange* exchange_that_began(ngx_http_request_t* r) {
    EstExchange* exchange = find_exchange(r);
    return exchange != nullptr || !r->internal ? exchange : remembered_exchange(r);
}

bool leads_to(const OwnLocation& location, ngx_http_request_t* r) {
    const std::string_view name = view(location.core->name), uri = view(r->uri);
    if (location.srv_conf != r->srv_conf || location.core->named) return false;
#if (NGX_PCRE)
    if (location.core->regex != nullptr) return false;
#endif
    return location.core->exact_match ? uri == name : uri.starts_with(name);
}

// Of our locations in this server the one with the longest prefix.
const LocConf* likely_location(ngx_http_request_t* r) {
    const ngx_array_t& locations = audit_conf_of(r).locations;
    const auto* own = static_cast<OwnLocation*>(locations.elts);
    const OwnLocation* longest = nullptr;
    for (ngx_uint_t i = 0; i < locations.nelts; i++) {
        if (!leads_to(own[i], r)) continue;
        if (longest == nullptr || own[i].core->name.len > longest->core->name.len)
            longest = &own[i];
    }
    return longest != nullptr ? longest->conf : nullptr;
}

const LocConf* location_of(ngx_http_request_t* r, const EstExchange* exchange) {
    if (exchange != nullptr) return &exchange->conf;
    if (without_location(r)) return likely_location(r);
    return conf_of(r).pass ? &conf_of(r) : nullptr;
}

// signerd was asked and did not answer.
bool unanswered(const EstExchange& exchange) {
    return exchange.refused == 0 && !exchange.frame.empty() && !exchange.answered;
}

// A body that broke off is 400 to nginx.
bool client_left(const ngx_http_request_t* r, ngx_uint_t status) {
    return status == NGX_HTTP_CLIENT_CLOSED_REQUEST ||
           (status == NGX_HTTP_BAD_REQUEST && r->connection->error);
}

// What error_page makes of a refusal, 200 even, does not undo it.
bool nginx_decided(ngx_http_request_t* r, const EstExchange* exchange) {
    const ngx_uint_t status = final_status(r);
    if (exchange != nullptr && exchange->answered) return false;
    if (exchange != nullptr && exchange->refused != 0) return true;
    if (client_left(r, status)) return false;
    return status >= NGX_HTTP_BAD_REQUEST || (exchange != nullptr && unanswered(*exchange));
}

wire::Operation operation_for(Operation operation) {
    switch (operation) {
        case Operation::simpleenroll: return wire::Operation::enroll;
        case Operation::simplereenroll: return wire::Operation::renew;
        case Operation::cacerts:
        case Operation::csrattrs: break;
    }
    return wire::Operation::none;
}

// Where the handler did not run.
wire::Operation operation_of(ngx_http_request_t* r) {
    const auto route = pki::est::route(view(r->uri));
    return route ? operation_for(route->operation) : wire::Operation::none;
}

pki::Errc reason_from(std::string_view outcome, ngx_uint_t status) {
    for (int code = 1; code <= pki::kErrcCount; code++)
        if (outcome == pki::name(static_cast<pki::Errc>(code)))
            return static_cast<pki::Errc>(code);
    return reason_of(status);
}

void add_request(NginxDecision& decision, const EstExchange& exchange) {
    const auto frame = wire::parse_frame(exchange.frame);
    const auto request = frame ? wire::decode<wire::IssueRequest>(*frame)
                               : pki::Result<wire::IssueRequest>(frame.error());
    if (!request) return;  // cacerts
    decision.transaction = request->transaction;
    decision.csr_sha256 = pki::ossl::sha256(request->csr);
}

void add_exchange(NginxDecision& decision, const EstExchange& exchange) {
    if (exchange.routed) {
        decision.profile = exchange.profile;
        decision.operation = operation_for(exchange.operation);
    }
    decision.reason = reason_from(exchange.outcome, decision.status);
    decision.detail = exchange.cause != nullptr ? std::string_view(exchange.cause)
                                                : view(exchange.error_line);
    decision.credential = exchange.credential;
    decision.credential_name = exchange.credential_name;
    if (exchange.credential == wire::Credential::none && !exchange.presented_name.empty()) {
        decision.credential = wire::Credential::unproven;
        decision.credential_name = exchange.presented_name;
    }
    decision.csr_sha256 = exchange.csr_sha256;
    if (!unanswered(exchange)) return;
    decision.reason = pki::Errc::unavailable;
    decision.detail = "signerd did not answer";
    add_request(decision, exchange);
}

// 400 by nginx's SSL module, before there is a location.
void add_certificate(NginxDecision& decision, ngx_http_request_t* r) {
    const char* cause = refused_certificate(r);
    if (decision.status != NGX_HTTP_BAD_REQUEST || cause == nullptr) return;
    decision.reason = pki::Errc::unauthenticated;
    decision.detail = cause;
    decision.credential = wire::Credential::unproven;
    decision.credential_name = presented_subject(r);
}

NginxDecision decision_on(ngx_http_request_t* r, const EstExchange* exchange,
                          const LocConf& conf) {
    NginxDecision decision;
    decision.profile = view(conf.profile);
    decision.protocol = wire::Protocol::est;
    decision.operation = operation_of(r);
    decision.status = final_status(r);
    decision.reason = reason_of(decision.status);
    decision.detail = "refused before it came to the EST module";
    if (exchange != nullptr)
        add_exchange(decision, *exchange);
    else if (without_location(r))
        add_certificate(decision, r);
    return decision;
}

void report_request(ngx_http_request_t* r) {
    if (r != r->main) return;
    const EstExchange* exchange = exchange_that_began(r);
    const LocConf* conf = location_of(r, exchange);
    if (conf == nullptr || !conf->audit || !nginx_decided(r, exchange)) return;
    Reporter& reporter = audit_conf_of(r).reporters->of(*conf->upstream.upstream);
    report(r, reporter, decision_on(r, exchange, *conf));
}

}  // namespace

ngx_int_t init_audit_conf(ngx_conf_t* cf, AuditConf& conf) {
    return guarded<ngx_int_t>(cf->log, NGX_ERROR, [&] {
        conf.reporters = new_in_pool<Reporters>(cf->pool);
        return ngx_array_init(&conf.locations, cf->pool, 4, sizeof(OwnLocation));
    });
}

ngx_int_t add_own_location(ngx_conf_t* cf, AuditConf& audit, const LocConf& conf) {
    auto* location = static_cast<OwnLocation*>(ngx_array_push(&audit.locations));
    if (location == nullptr) return NGX_ERROR;
    location->srv_conf = static_cast<ngx_http_conf_ctx_t*>(cf->ctx)->srv_conf;
    location->core = static_cast<ngx_http_core_loc_conf_t*>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    location->conf = &conf;
    return NGX_OK;
}

void remember_exchange(EstExchange& exchange) {
    ngx_pool_cleanup_t* mark = ngx_pool_cleanup_add(exchange.request->pool, 0);
    if (mark == nullptr) throw std::bad_alloc();
    mark->handler = exchange_mark;
    mark->data = &exchange;
}

ngx_int_t report_decision(ngx_http_request_t* r) {
    return guarded<ngx_int_t>(r->connection->log, NGX_OK, [&]() -> ngx_int_t {
        report_request(r);
        return NGX_OK;
    });
}

}  // namespace ngx_enroll::est
