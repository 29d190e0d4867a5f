#include "ngx_est_module/decisions.h"

#include "ngx_est_module/report.h"

namespace ngx_enroll::est {

namespace {

constexpr std::size_t kUnrouted = kOperationNames.size() - 1;

const Location* location(ngx_http_request_t* r) { return conf_of(r).limits.location; }

std::size_t index(pki::est::Operation operation) { return static_cast<std::size_t>(operation); }

// What the handler has not seen, or has not found a profile for, may name an operation still.
std::size_t operation(const Location&, std::string_view path, const Exchange* base) {
    const auto* exchange = static_cast<const EstExchange*>(base);
    if (exchange != nullptr && exchange->routed) return index(exchange->operation);
    const bool refused_route = exchange != nullptr && !exchange->outcome.empty();
    const auto route = pki::est::route(path);
    return refused_route || !route ? kUnrouted : index(route->operation);
}

std::optional<Outcome> outcome(const Exchange& exchange) {
    return outcome_from_name(static_cast<const EstExchange&>(exchange).outcome);
}

}  // namespace

LogPhaseClient log_phase_client() {
    return {zone_of, location, operation, outcome, report_decision};
}

}  // namespace ngx_enroll::est
