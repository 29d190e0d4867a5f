#include "ngx_common/log_phase.h"

#include "ngx_common/client_certificate.h"
#include "ngx_common/first_in_cycle.h"
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
    const LogPhaseClient* client;
    const Location* location;  // nullptr: it began in somebody else's
    ngx_str_t path;
    const Exchange* exchange;
};

void mark_visit(void* visit) { static_cast<Visit*>(visit)->location = nullptr; }

Visit* visit_of(const ngx_http_request_t* r) {
    for (ngx_pool_cleanup_t* cleanup = r->pool->cleanup; cleanup != nullptr;
         cleanup = cleanup->next)
        if (cleanup->handler == mark_visit) return static_cast<Visit*>(cleanup->data);
    return nullptr;
}

void note_visit(const ngx_http_request_t* r, const Visit& visit) {
    if (Visit* known = visit_of(r)) {
        *known = visit;
        return;
    }
    ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(r->pool, sizeof(Visit));
    if (cleanup == nullptr) throw std::bad_alloc();
    cleanup->handler = mark_visit;
    *static_cast<Visit*>(cleanup->data) = visit;
}

// --- on the way in: the rewrite phase is the first that knows the location ---

std::optional<Visit> visit_now(ngx_http_request_t* r) {
    for (std::size_t i = 0; i < client_count; i++)
        if (const Location* location = clients[i].location(r))
            return Visit{&clients[i], location, r->uri, nullptr};
    return std::nullopt;
}

bool any_location(ngx_http_request_t* r) {
    for (std::size_t i = 0; i < client_count; i++)
        if (!locations_of(clients[i].zone(r)).empty()) return true;
    return false;
}

// One that begins in a location of others and is sent to another one is not of ours, whatever
// its path.
ngx_int_t rewrite_handler(ngx_http_request_t* r) {
    if (r != r->main) return NGX_DECLINED;
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&] {
        if (const auto visit = visit_now(r))
            note_visit(r, *visit);
        else if (!r->internal && any_location(r))
            note_visit(r, {});
        return NGX_DECLINED;
    });
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

// nullopt: no request of ours.
std::optional<Visit> find_visit(ngx_http_request_t* r) {
    if (const Visit* visit = visit_of(r))
        return visit->location != nullptr ? std::optional(*visit) : std::nullopt;
    if (const auto visit = visit_now(r)) return visit;
    if (!left_early(r)) return std::nullopt;
    for (std::size_t i = 0; i < client_count; i++)
        if (const Location* location = longest_prefix(r, clients[i].zone(r)))
            return Visit{&clients[i], location, lend(first_path(r)), nullptr};
    return std::nullopt;
}

// nginx shows 400 for 495 and 496, which error_page knows.
const char* refused_certificate(ngx_http_request_t* r, const Visit& visit) {
    switch (status_of(r)) {
        case NGX_HTTP_BAD_REQUEST:
        case NGX_HTTPS_CERT_ERROR:
        case NGX_HTTPS_NO_CERT:
            return visit.exchange == nullptr ? listener_refuses_certificate(r) : nullptr;
        default: return nullptr;
    }
}

// A body that broke off is 400 to nginx.
bool broke_off(const ngx_http_request_t* r) {
    return status_of(r) == NGX_HTTP_CLIENT_CLOSED_REQUEST ||
           (status_of(r) == NGX_HTTP_BAD_REQUEST && r->connection->error);
}

Outcome outcome_of(ngx_http_request_t* r, const Visit& visit, const char* certificate) {
    const Exchange* exchange = visit.exchange;
    if (exchange != nullptr && !unanswered(*exchange))
        if (const auto decided = visit.client->outcome(*exchange)) return *decided;
    if (broke_off(r)) return Outcome::aborted;
    if (exchange != nullptr && unanswered(*exchange)) return Outcome::unavailable;
    if (certificate != nullptr) return Outcome::unauthenticated;
    return outcome_of_status(static_cast<unsigned>(status_of(r)));
}

Decision decide(ngx_http_request_t* r, const Visit& visit) {
    const char* certificate = refused_certificate(r, visit);
    return {r,
            visit.exchange,
            visit.location,
            visit.client->operation(*visit.location, view(visit.path), visit.exchange),
            outcome_of(r, visit, certificate),
            status_of(r),
            visit.exchange != nullptr && visit.exchange->answered,
            certificate};
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
        const auto visit = find_visit(r);
        if (!visit) return NGX_OK;
        const Decision decision = decide(r, *visit);
        count(decision);
        visit->client->decided(decision);
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
    if (first_in_cycle(cf, client_cycle)) client_count = 0;
    if (client_count == clients.size()) return NGX_ERROR;
    if (client_count == 0 &&
        (add_handler(cf, NGX_HTTP_REWRITE_PHASE, rewrite_handler) != NGX_OK ||
         add_handler(cf, NGX_HTTP_LOG_PHASE, log_handler) != NGX_OK))
        return NGX_ERROR;
    clients[client_count++] = client;
    return NGX_OK;
}

// The handler comes after the rewrite phase, the page of a refusal before it may not.
void log_phase_exchange(const Exchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    if (r != r->main) return;
    if (visit_of(r) == nullptr) note_visit(r, visit_now(r).value_or(Visit{}));
    visit_of(r)->exchange = &exchange;
}

}  // namespace ngx_enroll
