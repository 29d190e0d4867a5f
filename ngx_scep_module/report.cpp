#include "ngx_scep_module/report.h"

#include "ngx_common/report_parts.h"

namespace ngx_enroll::scep {

namespace {

namespace wire = pki::wire;

const LocConf& conf_of(const Location& location) {
    return *static_cast<LocConf*>(location.core->loc_conf[ngx_scep_module.ctx_index]);
}

wire::Operation wire_operation(const ScepExchange& exchange) {
    switch (exchange.task) {
        case Task::pkcs_req:
            return exchange.renewal ? wire::Operation::renew : wire::Operation::enroll;
        case Task::renewal_req: return wire::Operation::renew;
        default: return wire::Operation::none;
    }
}

void add_credential(NginxDecision& report, const ScepExchange& exchange) {
    report.credential = exchange.credential;
    report.credential_name = exchange.credential_name;
    if (exchange.credential != wire::Credential::none) return;
    // Its signature may be what was wrong.
    report.credential_name = exchange.presented_name;
    if (report.credential_name.empty() && exchange.message)
        report.credential_name = pki::x509::name_text(exchange.message->signer.tbs.subject);
    if (!report.credential_name.empty()) report.credential = wire::Credential::unproven;
}

void add_exchange(NginxDecision& report, const ScepExchange& exchange) {
    if (!exchange.profile.empty()) report.profile = exchange.profile;
    report.operation = wire_operation(exchange);
    report.detail = exchange.cause != nullptr ? std::string_view(exchange.cause)
                                              : view(exchange.error_line);
    report.transaction = exchange.transaction;
    report.csr_sha256 = exchange.csr_sha256;
    add_credential(report, exchange);
    if (unanswered(exchange)) add_unanswered_request(report, exchange);
}

NginxDecision report_of(const Decision& decision, const LocConf& conf) {
    NginxDecision report = begin_report(decision, wire::Protocol::scep, view(conf.profile),
                                        "refused before it came to the SCEP module");
    if (decision.exchange != nullptr)
        add_exchange(report, *static_cast<const ScepExchange*>(decision.exchange));
    return report;
}

}  // namespace

void report_decision(const Decision& decision) {
    const LocConf& conf = conf_of(*decision.location);
    if (!conf.audit || !refused_by_nginx(decision)) return;
    Reporter& reporter = reporters_of(decision.request).of(*conf.upstream.upstream);
    report(decision.request, reporter, report_of(decision, conf));
}

}  // namespace ngx_enroll::scep
