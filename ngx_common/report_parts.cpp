#include "ngx_common/report_parts.h"

#include "ngx_common/client_certificate.h"

namespace ngx_enroll {

namespace wire = pki::wire;

pki::Errc reason_of(Outcome outcome) {
    for (int code = 1; code <= pki::kErrcCount; code++)
        if (name(outcome) == pki::name(static_cast<pki::Errc>(code)))
            return static_cast<pki::Errc>(code);
    return pki::Errc::malformed;
}

ngx_uint_t reported_status(const Decision& decision) {
    if (decision.status >= 100 && decision.status <= 999) return decision.status;
    const bool ours = decision.exchange != nullptr && decision.exchange->refused != 0;
    return ours ? static_cast<ngx_uint_t>(decision.exchange->refused)
                : NGX_HTTP_CLIENT_CLOSED_REQUEST;
}

void add_refused_certificate(NginxDecision& report, const Decision& decision) {
    report.detail = decision.certificate;
    report.credential = wire::Credential::unproven;
    report.credential_name = presented_subject(decision.request);
}

void add_unanswered_request(NginxDecision& report, const SignerExchange& exchange) {
    report.detail = "signerd did not answer";
    const auto frame = wire::parse_frame(exchange.frame);
    const auto request = frame ? wire::decode<wire::IssueRequest>(*frame)
                               : pki::Result<wire::IssueRequest>(frame.error());
    if (!request) return;  // another question
    report.transaction = request->transaction;
    report.csr_sha256 = pki::ossl::sha256(request->csr);
}

}  // namespace ngx_enroll
