#include "ngx_common/report_parts.h"

#include "ngx_common/client_certificate.h"

namespace ngx_enroll {

namespace wire = pki::wire;

namespace {

// An outcome that is no error code is one of a status: the client was too slow, or nobody
// knows more than that it is the client's fault.
pki::Errc reason_of(Outcome outcome) {
    for (int code = 1; code <= pki::kErrcCount; code++)
        if (name(outcome) == pki::name(static_cast<pki::Errc>(code)))
            return static_cast<pki::Errc>(code);
    return pki::Errc::malformed;
}

// Nothing may have been sent, and error_page can make numbers that are no status; signerd
// refuses a report with such. Then it is what we meant to send, or that the client went away.
ngx_uint_t reported_status(const Decision& decision) {
    if (decision.status >= 100 && decision.status <= 999) return decision.status;
    const bool ours = decision.exchange != nullptr && decision.exchange->refused != 0;
    return ours ? static_cast<ngx_uint_t>(decision.exchange->refused)
                : NGX_HTTP_CLIENT_CLOSED_REQUEST;
}

// 400 by nginx's SSL module, before there is a location.
void add_refused_certificate(NginxDecision& report, const Decision& decision) {
    report.detail = decision.certificate;
    report.credential = wire::Credential::unproven;
    report.credential_name = presented_subject(decision.request);
}

}  // namespace

void add_unanswered_request(NginxDecision& report, const SignerExchange& exchange) {
    report.detail = "signerd did not answer";
    const auto frame = wire::parse_frame(exchange.frame);
    const auto request = frame ? wire::decode<wire::IssueRequest>(*frame)
                               : pki::Result<wire::IssueRequest>(frame.error());
    if (!request) return;  // another question
    report.transaction = request->transaction;
    report.csr_sha256 = pki::ossl::sha256(request->csr);
}

NginxDecision begin_report(const Decision& decision, pki::wire::Protocol protocol,
                           std::string_view profile, const char* detail) {
    NginxDecision report;
    report.profile = profile;
    report.protocol = protocol;
    report.status = reported_status(decision);
    report.reason = reason_of(decision.outcome);
    report.detail = detail;
    if (decision.exchange == nullptr && decision.certificate != nullptr)
        add_refused_certificate(report, decision);
    return report;
}

}  // namespace ngx_enroll
