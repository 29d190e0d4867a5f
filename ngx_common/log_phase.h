// Sees every request that ends in a location of a module, each once, whoever decided it: the
// module, signerd, limit_req, client_max_body_size, … . Counts it in the zone and tells the
// module.
//
// A request that error_page sends on to another place belongs to the last location of ours
// that it was in. What nginx refuses before it has chosen a location (a bad client
// certificate, a malformed header) belongs to the one of the same server with the longest
// prefix of its path. Subrequests are no requests of a client.
#pragma once

#include "ngx_common/decision.h"

namespace ngx_enroll {

// What a module tells of itself.
struct LogPhaseClient {
    ZoneConf& (*zone)(ngx_http_request_t* r);
    // The request's location now; nullptr where the module serves nothing.
    const Location* (*location)(ngx_http_request_t* r);
    // Index of the operation; the exchange is nullptr when the handler never saw the request.
    std::size_t (*operation)(const Location& location, std::string_view path,
                             const Exchange* exchange);
    // nullopt: the module has not decided.
    std::optional<Outcome> (*outcome)(const Exchange& exchange);
    // Each decision, after it was counted.
    void (*decided)(const Decision& decision);
};

// In the module's postconfiguration. NGX_OK or NGX_ERROR; throws std::bad_alloc.
ngx_int_t log_phase_register(ngx_conf_t* cf, const LogPhaseClient& client);

// When the exchange is made: a redirect loses the module's context, and with it what the
// module has decided. Throws std::bad_alloc.
void log_phase_exchange(const Exchange& exchange);

}  // namespace ngx_enroll
