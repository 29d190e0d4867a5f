#include "ngx_common/log_phase.h"

#include "ngx_common/guard.h"

namespace ngx_enroll {

namespace {

// One pair of handlers serves all modules that are linked together.
std::array<LogPhaseClient, 4> clients;
std::size_t client_count = 0;
const ngx_cycle_t* client_cycle;  // the configuration that they belong to

// What stays known of a request when a redirect has taken it elsewhere. In the pool of the
// request, found by its cleanup handler.
struct Visit {
    ngx_http_request_t* request;
    const LogPhaseClient* client;
    const Location* location;
    ngx_str_t path;
    const Exchange* exchange;
};

void mark_visit(void* visit) { static_cast<Visit*>(visit)->location = nullptr; }

Visit* visit_of(ngx_http_request_t* r) {
    for (ngx_pool_cleanup_t* cleanup = r->pool->cleanup; cleanup != nullptr;
         cleanup = cleanup->next) {
        if (cleanup->handler != mark_visit) continue;
        auto* visit = static_cast<Visit*>(cleanup->data);
        if (visit->request == r) return visit;
    }
    return nullptr;
}

Visit* new_visit(ngx_http_request_t* r) {
    ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(r->pool, sizeof(Visit));
    if (cleanup == nullptr) return nullptr;
    cleanup->handler = mark_visit;
    auto* visit = static_cast<Visit*>(cleanup->data);
    *visit = {};
    visit->request = r;
    return visit;
}

// --- on the way in: the rewrite phase is the first that knows the location ---

ngx_int_t note_visit(ngx_http_request_t* r, const LogPhaseClient& client,
                     const Location& location) {
    Visit* visit = visit_of(r);
    if (visit == nullptr) visit = new_visit(r);
    if (visit == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
    *visit = {r, &client, &location, r->uri, nullptr};
    return NGX_DECLINED;
}

ngx_int_t rewrite_handler(ngx_http_request_t* r) {
    if (r != r->main) return NGX_DECLINED;
    for (std::size_t i = 0; i < client_count; i++)
        if (const Location* location = clients[i].location(r))
            return note_visit(r, clients[i], *location);
    return NGX_DECLINED;
}

// --- on the way out ---

ngx_uint_t status_of(const ngx_http_request_t* r) {
    return r->err_status != 0 ? r->err_status : r->headers_out.status;
}

// The path as it came, if r->uri is no longer that.
std::string_view first_path(const ngx_http_request_t* r) {
    const std::string_view path = view(r->internal ? r->unparsed_uri : r->uri);
    return path.substr(0, path.find('?'));
}

bool serves(const Location& location, std::string_view path) {
    const std::string_view name = view(location.core->name);
    if (location.core->named) return false;
#if (NGX_PCRE)
    if (location.core->regex != nullptr) return false;
#endif
    return location.core->exact_match ? path == name : path.starts_with(name);
}

const Location* longest_prefix(ngx_http_request_t* r, const ZoneConf& zone) {
    const auto* server = static_cast<ngx_http_core_srv_conf_t*>(
        ngx_http_get_module_srv_conf(r, ngx_http_core_module));
    const std::string_view path = first_path(r);
    const Location* longest = nullptr;
    for (const Location* location : locations_of(zone))
        if (location->server == server && serves(*location, path) &&
            (longest == nullptr || location->core->name.len > longest->core->name.len))
            longest = location;
    return longest;
}

// nginx chose no location, or refused in it before the rewrite phase and went elsewhere.
bool left_early(ngx_http_request_t* r) {
    const auto* server = static_cast<ngx_http_core_srv_conf_t*>(
        ngx_http_get_module_srv_conf(r, ngx_http_core_module));
    return (r->internal || r->loc_conf == server->ctx->loc_conf) &&
           status_of(r) >= NGX_HTTP_BAD_REQUEST;
}

bool find_visit(ngx_http_request_t* r, Visit& found) {
    if (const Visit* visit = visit_of(r)) {
        found = *visit;
        return true;
    }
    for (std::size_t i = 0; i < client_count; i++) {
        const Location* location = clients[i].location(r);
        if (location == nullptr && left_early(r))
            location = longest_prefix(r, clients[i].zone(r));
        if (location == nullptr) continue;
        found = {r, &clients[i], location, lend(first_path(r)), nullptr};
        return true;
    }
    return false;
}

// As ngx_http_process_request() judges, which shows 400 for 495 and 496.
bool certificate_refused(ngx_http_request_t* r) {
    ngx_connection_t* c = r->connection;
    const auto* ssl = static_cast<ngx_http_ssl_srv_conf_t*>(
        ngx_http_get_module_srv_conf(r, ngx_http_ssl_module));
    if (c->ssl == nullptr || ssl->verify == 0) return false;
    const long result = SSL_get_verify_result(c->ssl->connection);
    if (result != X509_V_OK) return ssl->verify != 3 || !ngx_ssl_verify_error_optional(result);
    const char* why = nullptr;
    return (ssl->verify == 1 && SSL_get0_peer_certificate(c->ssl->connection) == nullptr) ||
           ngx_ssl_ocsp_get_status(c, &why) != NGX_OK;
}

Outcome outcome_of(const Visit& visit) {
    if (visit.exchange != nullptr)
        if (const auto decided = visit.client->outcome(*visit.exchange)) return *decided;
    const ngx_uint_t status = status_of(visit.request);
    // A body that broke off is 400 to nginx.
    if (visit.request->connection->error && status < NGX_HTTP_INTERNAL_SERVER_ERROR)
        return Outcome::aborted;
    if (status == NGX_HTTP_BAD_REQUEST && visit.exchange == nullptr &&
        certificate_refused(visit.request))
        return Outcome::unauthenticated;
    return outcome_of_status(static_cast<unsigned>(status));
}

Decision decide(const Visit& visit) {
    return {visit.request,
            visit.exchange,
            visit.location,
            visit.client->operation(view(visit.path), visit.exchange),
            outcome_of(visit),
            status_of(visit.request),
            visit.exchange != nullptr && visit.exchange->answered};
}

void count(const Decision& decision) {
    Counters& counters = decision.location->entry->counters;
    add(counters.decisions[decision.operation][static_cast<std::size_t>(decision.outcome)]);
    if (decision.exchange == nullptr) return;
    if (const auto held = decision.exchange->place.held())
        record(counters.durations[decision.operation], *held);
}

ngx_int_t log_handler(ngx_http_request_t* r) {
    if (r != r->main || r->pool == nullptr) return NGX_OK;
    return guarded<ngx_int_t>(r->connection->log, NGX_OK, [&]() -> ngx_int_t {
        Visit visit{};
        if (find_visit(r, visit)) count(decide(visit));
        return NGX_OK;
    });
}

ngx_int_t add_handler(ngx_conf_t* cf, ngx_http_phases phase, ngx_http_handler_pt handler) {
    auto* core = static_cast<ngx_http_core_main_conf_t*>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
    auto* slot =
        static_cast<ngx_http_handler_pt*>(ngx_array_push(&core->phases[phase].handlers));
    if (slot == nullptr) return NGX_ERROR;
    *slot = handler;
    return NGX_OK;
}

}  // namespace

ngx_int_t log_phase_register(ngx_conf_t* cf, const LogPhaseClient& client) {
    if (client_cycle != cf->cycle) {
        client_cycle = cf->cycle;
        client_count = 0;
    }
    if (client_count == clients.size()) return NGX_ERROR;
    if (client_count == 0 &&
        (add_handler(cf, NGX_HTTP_REWRITE_PHASE, rewrite_handler) != NGX_OK ||
         add_handler(cf, NGX_HTTP_LOG_PHASE, log_handler) != NGX_OK))
        return NGX_ERROR;
    clients[client_count++] = client;
    return NGX_OK;
}

void log_phase_exchange(const Exchange& exchange) {
    if (exchange.request != exchange.request->main) return;
    if (Visit* visit = visit_of(exchange.request)) visit->exchange = &exchange;
}

}  // namespace ngx_enroll
