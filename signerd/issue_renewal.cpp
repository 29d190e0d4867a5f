#include "signerd/issue_renewal.h"

#include "signerd/audit.h"
#include "signerd/own_certificate.h"

namespace signerd {

namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;

namespace {

// RFC 7030 4.2.2.
pki::Status check_shown(const IssueJob& job) {
    if (!job.shown) return fail(Errc::denied, "renewal: no client certificate");
    if (job.now() < job.shown->tbs.not_before)
        return fail(Errc::denied, "renewal: the client certificate is not valid yet");
    if (job.now() > job.shown->tbs.not_after)
        return fail(Errc::denied, "renewal: the client certificate has expired");
    return x509::check_same_identity(job.csr, *job.shown);
}

// What a profile renews of others becomes a certificate of its own, with its usages. Which
// others there are is not the client's business.
pki::Status check_profile(IssueJob& job, const std::string& profile) {
    if (renews(job.request.profile, job.profile->scep->renewal, profile)) return {};
    job.discreet = true;
    return fail(Errc::denied, "renewal: the certificate is of another profile", profile);
}

pki::Status check_signer(IssueJob& job, const CertificateRecord& record) {
    const Renewal& renewal = job.profile->scep->renewal;
    PKI_CHECK(check_profile(job, record.profile));
    PKI_CHECK(check_renewal_time(*job.signer, renewal, job.now()));
    if (renewal.change_subject) return {};
    return x509::check_same_identity(job.csr, *job.signer);
}

Objection as_objection(pki::Status status) {
    if (status) return std::optional<pki::Error>();
    return std::optional(std::move(status).error());
}

// RFC 8894 2.3 and 2.5.
Objection object_to_signer(Store& store, IssueJob& job) {
    PKI_TRY(const auto record, find_own(store, *job.generation, job.ca->tenant, *job.signer));
    if (!record)
        return std::optional(fail(Errc::unauthenticated,
                                  "renewal: the certificate that signed is not one of ours"));
    identify_by(job.record(), *job.signer);
    PKI_TRY(auto revoked, object_to_client(store, *job.signer));
    return revoked ? Objection(std::move(revoked)) : as_objection(check_signer(job, *record));
}

}  // namespace

Objection object_to_renewal(Store& store, IssueJob& job) {
    if (job.request.operation != pki::wire::Operation::renew || job.cmp)
        return std::optional<pki::Error>();
    return job.signer ? object_to_signer(store, job) : as_objection(check_shown(job));
}

}  // namespace signerd
