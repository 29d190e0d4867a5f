#include "signerd/issue_originator.h"

#include "signerd/audit.h"
#include "signerd/issue_template.h"
#include "signerd/issue_transaction.h"
#include "signerd/originator_names.h"
#include "signerd/own_certificate.h"

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Bytes;
using pki::Errc;
using pki::fail;
using pki::Reason;

namespace {

Objection as_objection(pki::Status status) {
    if (status) return std::optional<pki::Error>();
    return std::optional(std::move(status).error());
}

// Whatever the cause within: the client has one word for it.
pki::Status because(Reason reason, pki::Status status) {
    if (!status) status.error().reason = reason;
    return status;
}

// RFC 9483 4.1.3: oldCertId names the certificate that signs. It should be there, and many
// leave it out.
pki::Status check_old_cert_id(const IssueJob& job, const x509::Certificate& signer) {
    if (!job.cmp->request || !job.cmp->request->old_cert_id) return {};
    const x509::CertId& id = *job.cmp->request->old_cert_id;
    const auto issuer = x509::parse_name(id.issuer);
    if (issuer && x509::same_name(*issuer, signer.tbs.issuer) &&
        pki::equal(id.serial, signer.tbs.serial))
        return {};
    return fail(Errc::denied, Reason::bad_cert_id,
                "renewal: oldCertId is not the certificate that signed");
}

// RFC 9483 4.1.3: what an update does not name stays as it is.
pki::Status take_names(IssueJob& job, const x509::Certificate& signer) {
    if (job.csr.subject.empty()) job.csr.subject = signer.tbs.subject;
    if (!job.csr.san) {
        PKI_TRY(job.csr.san, x509::certificate_san(signer));
    }
    describe_csr(job.record(), job.csr);
    return {};
}

pki::Status check_update(IssueJob& job, const x509::Certificate& signer,
                         const CertificateRecord& record) {
    const Renewal& renewal = job.profile->cmp->renewal;
    if (!renews(job.request.profile, renewal, record.profile)) {
        job.discreet = true;
        return fail(Errc::denied, Reason::signer_not_trusted,
                    "renewal: the certificate is of another profile", record.profile);
    }
    PKI_CHECK(
        because(Reason::signer_not_trusted, check_renewal_time(signer, renewal, job.now())));
    if (!wants_key(job))
        PKI_CHECK(because(Reason::bad_cert_template,
                          check_renewal_key(job.csr, signer, renewal)));
    PKI_CHECK(check_old_cert_id(job, signer));
    PKI_CHECK(take_names(job, signer));
    if (renewal.change_subject) return {};
    return because(Reason::bad_cert_template, x509::check_same_identity(job.csr, signer));
}

// RFC 9483 4.1.3: who updates a key shows that he has the old one.
Objection object_to_update(Store& store, IssueJob& job) {
    const auto& signer = job.cmp->turn.certificate;
    if (!signer)
        return std::optional(fail(Errc::bad_signature, Reason::wrong_integrity,
                                  "renewal: it is not signed with the old key"));
    PKI_TRY(const auto record, find_own(store, *job.generation, job.ca->tenant, *signer));
    if (!record)
        return std::optional(fail(Errc::unauthenticated, Reason::signer_not_trusted,
                                  "renewal: the certificate that signed is not one of ours"));
    return as_objection(check_update(job, *signer, *record));
}

pki::Status check_rights(const IssueJob& job) {
    PKI_CHECK(check_template(job.profile->rules, job.csr));
    const CmpRules& rules = *job.profile->cmp;
    const CmpTurn& turn = job.cmp->turn;
    if (rules.names == CmpNames::any || (rules.ra && turn.originator.ra)) return {};
    return check_own_names(job.csr, turn);
}

}  // namespace

Objection object_to_originator(Store& store, IssueJob& job) {
    if (!job.cmp) return std::optional<pki::Error>();
    if (job.request.operation == wire::Operation::renew) {
        PKI_TRY(auto objection, object_to_update(store, job));
        if (objection) return std::optional(std::move(*objection));
    }
    return as_objection(check_rights(job));
}

}  // namespace signerd
