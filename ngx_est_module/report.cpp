#include "ngx_est_module/report.h"

#include "ngx_common/client_certificate.h"
#include "ngx_common/report_log.h"
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
        case Operation::simpleenroll: return wire::Operation::enroll;
        case Operation::simplereenroll: return wire::Operation::renew;
        default: return wire::Operation::none;
    }
}

// An outcome that is no error code is one of a status: the client was too slow, or nobody
// knows more than that it is the client's fault.
pki::Errc reason_of(Outcome outcome) {
    for (int code = 1; code <= pki::kErrcCount; code++)
        if (name(outcome) == pki::name(static_cast<pki::Errc>(code)))
            return static_cast<pki::Errc>(code);
    return pki::Errc::malformed;
}

// 400 by nginx's SSL module, before there is a location.
void add_certificate(NginxDecision& report, const Decision& decision) {
    report.detail = decision.certificate;
    report.credential = wire::Credential::unproven;
    report.credential_name = presented_subject(decision.request);
}

void add_credential(NginxDecision& report, const EstExchange& exchange) {
    report.credential = exchange.credential;
    report.credential_name = exchange.credential_name;
    if (exchange.credential != wire::Credential::none || exchange.presented_name.empty())
        return;
    report.credential = wire::Credential::unproven;
    report.credential_name = exchange.presented_name;
}

// What signerd would have recorded.
void add_request(NginxDecision& report, const EstExchange& exchange) {
    report.detail = "signerd did not answer";
    const auto frame = wire::parse_frame(exchange.frame);
    const auto request = frame ? wire::decode<wire::IssueRequest>(*frame)
                               : pki::Result<wire::IssueRequest>(frame.error());
    if (!request) return;  // cacerts
    report.transaction = request->transaction;
    report.csr_sha256 = pki::ossl::sha256(request->csr);
}

void add_exchange(NginxDecision& report, const EstExchange& exchange) {
    if (exchange.routed) report.profile = exchange.profile;
    report.detail = exchange.cause != nullptr ? std::string_view(exchange.cause)
                                              : view(exchange.error_line);
    report.csr_sha256 = exchange.csr_sha256;
    add_credential(report, exchange);
    if (unanswered(exchange)) add_request(report, exchange);
}

// Nothing may have been sent, and error_page can make numbers that are no status; signerd
// refuses a report with such. Then it is what we meant to send, or that the client went away.
ngx_uint_t status_of(const Decision& decision) {
    if (decision.status >= 100 && decision.status <= 999) return decision.status;
    const bool ours = decision.exchange != nullptr && decision.exchange->refused != 0;
    return ours ? static_cast<ngx_uint_t>(decision.exchange->refused)
                : NGX_HTTP_CLIENT_CLOSED_REQUEST;
}

NginxDecision report_of(const Decision& decision, const LocConf& conf) {
    NginxDecision report;
    report.profile = view(conf.profile);
    report.protocol = wire::Protocol::est;
    report.operation = wire_operation(decision.operation);
    report.status = status_of(decision);
    report.reason = reason_of(decision.outcome);
    report.detail = "refused before it came to the EST module";
    if (decision.exchange != nullptr)
        add_exchange(report, *static_cast<const EstExchange*>(decision.exchange));
    else if (decision.certificate != nullptr)
        add_certificate(report, decision);
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
