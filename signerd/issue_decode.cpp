#include "signerd/issue_decode.h"

#include "signerd/audit.h"
#include "signerd/issue_token.h"
#include "signerd/issue_transaction.h"

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;

namespace {

// Sent by a program of ours, so what does not fit together is a fault there.
pki::Status check_credential(IssueJob& job) {
    const wire::IssueRequest& request = job.request;
    const bool has_certificate = !request.client_certificate.empty();
    if (has_certificate != (request.credential == wire::Credential::certificate))
        return fail(Errc::malformed, "issue: credential and client_certificate do not fit");
    const bool has_name = !request.credential_name.empty();
    if (request.credential == wire::Credential::basic && !has_name)
        return fail(Errc::malformed, "issue: credential_name missing");
    if (request.credential == wire::Credential::none && has_name)
        return fail(Errc::malformed, "issue: credential_name without credential");
    if (!has_certificate) return {};
    auto certificate = x509::parse_certificate(request.client_certificate);
    if (!certificate)
        return fail(Errc::malformed, "issue: client_certificate",
                    certificate.error().message());
    job.shown = *std::move(certificate);
    return {};
}

// Who signed the message is the question of SCEP alone: of a renewal it is the client, and an
// enrolment is signed by its own key, of which the CSR tells more (RFC 8894 2.3).
pki::Status check_signer(IssueJob& job) {
    const wire::IssueRequest& request = job.request;
    const bool needed =
        request.protocol == wire::Protocol::scep && request.operation == wire::Operation::renew;
    if (request.signer_certificate.empty() == needed)
        return fail(Errc::malformed, "issue: operation and signer_certificate do not fit");
    if (!needed) return {};
    auto certificate = x509::parse_certificate(request.signer_certificate);
    if (!certificate)
        return fail(Errc::malformed, "issue: signer_certificate",
                    certificate.error().message());
    job.signer = *std::move(certificate);
    job.record().credential = wire::Credential::unproven;
    job.record().credential_name = x509::name_text(job.signer->tbs.subject);
    make_fit(job.record());
    return {};
}

// Keys are made for EST here; with CMP the request itself says it.
pki::Status check_make_key(const wire::IssueRequest& request) {
    const bool fits = request.protocol == wire::Protocol::est &&
                      request.operation == wire::Operation::enroll &&
                      request.form == wire::RequestForm::pkcs10;
    if (!request.make_key || fits) return {};
    return fail(Errc::malformed, "issue: make_key with another protocol or operation");
}

// With CMC a public key has to be there (RFC 5272 3.2.1.2.2): keys are made by CMP's rules.
pki::Status read_crmf(IssueJob& job) {
    if (job.request.protocol != wire::Protocol::est)
        return fail(Errc::malformed, "issue: a CRMF is of CMP or of CMC by EST");
    PKI_TRY(job.crmf, x509::parse_cert_request(job.request.csr));
    if (job.crmf->csr.spki.encoding.empty())
        return fail(Errc::malformed, "issue: a CRMF without a public key");
    job.csr = job.crmf->csr;
    return {};
}

}  // namespace

void find_profile(IssueJob& job) {
    job.profile = job.generation->profile(job.request.profile);
    std::string_view tenant;
    if (job.profile != nullptr) {
        job.ca = &job.generation->issuing_ca(*job.profile, job.now());
        tenant = job.ca->tenant;
    }
    const Occasion occasion{job.received, job.generation->config->id, tenant, job.peer->name};
    job.record() = record_request(occasion, job.request, job.key.csr_sha256);
}

pki::Status read_request(IssueJob& job) {
    if (job.request.form == wire::RequestForm::pkcs10) {
        PKI_TRY(job.csr, x509::parse_csr(job.request.csr));
        return {};
    }
    if (!job.cmp) return read_crmf(job);
    PKI_TRY(job.cmp->request, x509::parse_cert_request(job.request.csr));
    job.csr = job.cmp->request->csr;
    return {};
}

// Those of CMP are its originator's.
pki::Status read_certificates(IssueJob& job) {
    if (job.cmp) return {};
    PKI_CHECK(check_credential(job));
    return check_signer(job);
}

pki::Status decode(IssueJob& job) {
    const auto request =
        wire::decode<wire::IssueRequest>({{wire::IssueRequest::kKind, job.to.id}, job.fields});
    if (request) job.request = *request;
    job.key.csr_sha256 = pki::ossl::sha256(job.request.csr);
    find_profile(job);
    if (!request) return request.error();
    if (job.request.protocol == wire::Protocol::none ||
        job.request.operation == wire::Operation::none)
        return fail(Errc::malformed, "issue: protocol or operation missing");
    PKI_CHECK(check_token_fields(job.request));
    PKI_CHECK(read_cmp(job));
    PKI_CHECK(check_make_key(job.request));
    PKI_CHECK(read_request(job));
    describe_csr(job.record(), job.csr);
    return read_certificates(job);
}

}  // namespace signerd
