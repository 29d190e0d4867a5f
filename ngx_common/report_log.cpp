#include "ngx_common/report_log.h"

#include <array>
#include <chrono>

#include "libpki/base/base64.h"
#include "libpki/base/utf8.h"
#include "ngx_common/pool.h"

namespace ngx_enroll {

namespace {

std::int64_t now() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
}

// Names come from the client: one that is no plain text is left out.
void make_fit(NginxDecision& decision) {
    if (!pki::is_plain_text(decision.credential_name)) decision.credential_name.clear();
    pki::cut_text(decision.credential_name, pki::limits::kCredentialName);
    if (decision.credential_name.empty()) decision.credential = pki::wire::Credential::none;
    if (!pki::is_plain_text(decision.profile)) decision.profile = {};
    decision.detail = decision.detail.substr(0, pki::limits::kReportDetail);
    if (decision.transaction.empty()) decision.transaction = new_transaction();
}

}  // namespace

void report(ngx_http_request_t* r, Reporter& reporter, NginxDecision decision) {
    make_fit(decision);
    pki::wire::ReportedDecision reported;
    reported.time = now();
    reported.profile = decision.profile;
    reported.protocol = decision.protocol;
    reported.operation = decision.operation;
    reported.reason = decision.reason;
    reported.http_status = static_cast<std::uint16_t>(decision.status);
    reported.detail = decision.detail;
    reported.client_address = client_address(r->connection);
    reported.credential = decision.credential;
    reported.credential_name = decision.credential_name;
    reported.transaction = decision.transaction;
    if (decision.csr_sha256) reported.csr_sha256 = *decision.csr_sha256;
    reporter.add(reported);
}

std::string new_transaction() {
    std::array<std::uint8_t, 16> random{};
    return pki::ossl::random_bytes(random) ? pki::hex_encode(random) : std::string();
}

std::string_view client_address(const ngx_connection_t* c) {
    return c->sockaddr->sa_family == AF_UNIX ? std::string_view("unix:") : view(c->addr_text);
}

}  // namespace ngx_enroll
