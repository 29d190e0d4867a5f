#include "ngx_cmp_module/decisions.h"

#include "ngx_cmp_module/report.h"

namespace ngx_enroll::cmp {

namespace {

const Location* location(ngx_http_request_t* r) { return conf_of(r).limits.location; }

// What the handler has not seen has no message that anybody has read.
std::size_t operation(const Location&, std::string_view, const Exchange* exchange) {
    const Task task =
        exchange != nullptr ? static_cast<const CmpExchange*>(exchange)->task : Task::other;
    return static_cast<std::size_t>(task);
}

std::optional<Outcome> outcome(const Exchange& exchange) {
    return outcome_from_name(static_cast<const CmpExchange&>(exchange).outcome);
}

}  // namespace

LogPhaseClient log_phase_client() {
    return {zone_of, location, operation, outcome, report_decision};
}

}  // namespace ngx_enroll::cmp
