#include "ngx_enroll_module/report.h"

#include "ngx_common/report_parts.h"
#include "ngx_enroll_module/enroll.h"

namespace ngx_enroll::enroll {

namespace {

namespace wire = pki::wire;

void add_exchange(NginxDecision& report, const EnrollExchange& exchange) {
    report.detail = exchange.cause != nullptr ? std::string_view(exchange.cause)
                                              : view(exchange.error_line);
    report.csr_sha256 = exchange.csr_sha256;
    report.credential_name = exchange.subject;
    if (!exchange.subject.empty())
        report.credential = exchange.client_certificate.empty() ? wire::Credential::unproven
                                                                : wire::Credential::certificate;
    if (unanswered(exchange)) add_unanswered_request(report, exchange);
}

NginxDecision report_of(const Decision& decision, const LocConf& conf) {
    NginxDecision report =
        begin_report(decision, wire::Protocol::enroll, view(conf.device.profile),
                     "refused before it came to the enroll module");
    report.operation =
        conf.serves == kBootstrap ? wire::Operation::enroll : wire::Operation::renew;
    if (decision.exchange != nullptr)
        add_exchange(report, *static_cast<const EnrollExchange*>(decision.exchange));
    return report;
}

}  // namespace

void report_decision(const Decision& decision) {
    const auto& conf =
        *static_cast<LocConf*>(decision.location->core->loc_conf[ngx_enroll_module.ctx_index]);
    if (!serves_devices(conf) || !conf.device.audit || !refused_by_nginx(decision)) return;
    Reporters& reporters = *main_conf_of(decision.request).module.reporters;
    report(decision.request, reporters.of(*conf.upstream.upstream), report_of(decision, conf));
}

}  // namespace ngx_enroll::enroll
