#include "signerd/issue_renewal.h"

#include <algorithm>

#include "signerd/audit.h"
#include "signerd/stored.h"

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

// Its name alone would prove nothing: anybody can write our name as the issuer's.
pki::Result<std::optional<CertificateRecord>> find_signer(Store& store, const IssueJob& job) {
    PKI_TRY(auto records, store.certificates_with_serial(x509::serial_text(job.signer->tbs)));
    const auto found = std::ranges::find_if(records, [&](const CertificateRecord& record) {
        return record.tenant == job.ca->tenant && pki::equal(record.der, job.signer->encoding);
    });
    if (found == records.end()) return std::optional<CertificateRecord>();
    return std::optional(std::move(*found));
}

// A store that somebody wrote into is no authority: the CA's key is.
bool is_signed_by_its_ca(const IssueJob& job, const std::string& ca) {
    const auto& keys = job.generation->ca_keys;
    const auto key = keys.find(ca);
    return key != keys.end() && is_signed(*job.signer, key->second.get());
}

// What a profile renews of others becomes a certificate of its own, with its usages. Which
// others there are is not the client's business.
pki::Status check_profile(IssueJob& job, const std::string& profile) {
    const auto& others = job.profile->scep->renewal.from_profiles;
    if (profile == job.request.profile || std::ranges::find(others, profile) != others.end())
        return {};
    job.discreet = true;
    return fail(Errc::denied, "renewal: the certificate is of another profile", profile);
}

pki::Status check_validity(const IssueJob& job) {
    if (job.now() < job.signer->tbs.not_before)
        return fail(Errc::denied, "renewal: the certificate is not valid yet");
    if (job.now() > job.signer->tbs.not_after + job.profile->scep->renewal.grace)
        return fail(Errc::denied, "renewal: the certificate has expired");
    return {};
}

pki::Status check_signer(IssueJob& job, const CertificateRecord& record) {
    PKI_CHECK(check_profile(job, record.profile));
    PKI_CHECK(check_validity(job));
    if (job.profile->scep->renewal.change_subject) return {};
    return x509::check_same_identity(job.csr, *job.signer);
}

Objection as_objection(pki::Status status) {
    if (status) return std::optional<pki::Error>();
    return std::optional(std::move(status).error());
}

// RFC 8894 2.3 and 2.5.
Objection object_to_signer(Store& store, IssueJob& job) {
    PKI_TRY(const auto record, find_signer(store, job));
    if (!record || !is_signed_by_its_ca(job, record->ca))
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
