#include "ngx_cmp_module/report.h"

#include "ngx_cmp_module/open.h"
#include "ngx_common/report_parts.h"

namespace ngx_enroll::cmp {

namespace {

namespace wire = pki::wire;

const LocConf& conf_of(const Location& location) {
    return *static_cast<LocConf*>(location.core->loc_conf[ngx_cmp_module.ctx_index]);
}

// Of one that is nested, what is in it.
Task reported_task(const CmpExchange& exchange) {
    const auto& message = exchange.current->message;
    return message ? task_of(message->type).value_or(Task::other) : exchange.task;
}

wire::Operation wire_operation(Task task) {
    switch (task) {
        case Task::ir:
        case Task::cr:
        case Task::p10cr: return wire::Operation::enroll;
        case Task::kur: return wire::Operation::renew;
        case Task::rr: return wire::Operation::revoke;
        default: return wire::Operation::none;
    }
}

void add_credential(NginxDecision& report, const CmpExchange& exchange) {
    report.credential = exchange.credential;
    report.credential_name = exchange.credential_name;
    if (exchange.credential != wire::Credential::none || exchange.presented_name.empty())
        return;
    report.credential = wire::Credential::unproven;
    report.credential_name = exchange.presented_name;
}

void add_exchange(NginxDecision& report, const CmpExchange& exchange) {
    if (!exchange.profile.empty()) report.profile = exchange.profile;
    report.operation = wire_operation(reported_task(exchange));
    report.detail = exchange.cause != nullptr ? std::string_view(exchange.cause)
                                              : view(exchange.error_line);
    report.transaction = exchange.current->transaction;
    report.csr_sha256 = exchange.csr_sha256;
    add_credential(report, exchange);
    if (unanswered(exchange)) add_unanswered_request(report, exchange);
}

NginxDecision report_of(const Decision& decision, const LocConf& conf) {
    NginxDecision report = begin_report(decision, wire::Protocol::cmp, view(conf.profile),
                                        "refused before it came to the CMP module");
    if (decision.exchange != nullptr)
        add_exchange(report, *static_cast<const CmpExchange*>(decision.exchange));
    return report;
}

}  // namespace

void report_decision(const Decision& decision) {
    const LocConf& conf = conf_of(*decision.location);
    if (!conf.audit || !refused_by_nginx(decision)) return;
    Reporter& reporter = reporters_of(decision.request).of(*conf.upstream.upstream);
    report(decision.request, reporter, report_of(decision, conf));
}

}  // namespace ngx_enroll::cmp
