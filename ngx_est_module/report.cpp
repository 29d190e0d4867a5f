#include "ngx_est_module/report.h"

#include "ngx_common/report_parts.h"
#include "ngx_est_module/est.h"

namespace ngx_enroll::est {

namespace {

namespace wire = pki::wire;
using pki::est::Operation;

const LocConf& conf_of(const Location& location) {
    return *static_cast<LocConf*>(location.core->loc_conf[ngx_est_module.ctx_index]);
}

wire::Operation wire_operation(std::size_t operation) {
    switch (static_cast<Operation>(operation)) {
        case Operation::serverkeygen:
        case Operation::fullcmc:
        case Operation::simpleenroll: return wire::Operation::enroll;
        case Operation::simplereenroll: return wire::Operation::renew;
        default: return wire::Operation::none;
    }
}

void add_credential(NginxDecision& report, const EstExchange& exchange) {
    report.credential = exchange.credential;
    report.credential_name = exchange.credential_name;
    if (exchange.credential != wire::Credential::none || exchange.presented_name.empty())
        return;
    report.credential = wire::Credential::unproven;
    report.credential_name = exchange.presented_name;
}

void add_exchange(NginxDecision& report, const EstExchange& exchange) {
    if (exchange.routed) report.profile = exchange.profile;
    report.detail = exchange.cause != nullptr ? std::string_view(exchange.cause)
                                              : view(exchange.error_line);
    report.csr_sha256 = exchange.csr_sha256;
    add_credential(report, exchange);
    if (unanswered(exchange)) add_unanswered_request(report, exchange);
}

NginxDecision report_of(const Decision& decision, const LocConf& conf) {
    NginxDecision report = begin_report(decision, wire::Protocol::est, view(conf.profile),
                                        "refused before it came to the EST module");
    report.operation = wire_operation(decision.operation);
    if (decision.exchange != nullptr)
        add_exchange(report, *static_cast<const EstExchange*>(decision.exchange));
    return report;
}

}  // namespace

void report_decision(const Decision& decision) {
    const LocConf& conf = conf_of(*decision.location);
    if (!conf.audit || !refused_by_nginx(decision)) return;
    Reporter& reporter = reporters_of(decision.request).of(*conf.upstream.upstream);
    report(decision.request, reporter, report_of(decision, conf));
}

}  // namespace ngx_enroll::est
