#include "signerd/issue_renewal.h"

#include "libpki/x509/change_subject_name.h"
#include "signerd/audit.h"
#include "signerd/own_certificate.h"

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;

namespace {

// What is renewed, and by which rules.
struct Old {
    const x509::Certificate& certificate;
    const Renewal& rules;
};

bool is_scep(const IssueJob& job) { return job.request.protocol == wire::Protocol::scep; }

// What a profile renews of others becomes a certificate of its own, with its usages. Which
// others there are is not the client's business.
pki::Status check_profile(IssueJob& job, const Renewal& rules, const std::string& profile) {
    if (renews(job.request.profile, rules, profile)) return {};
    job.discreet = true;
    return fail(Errc::denied, "renewal: the certificate is of another profile", profile);
}

// RFC 6402 2.8: the names of the attribute take the place of the CSR's, and what is not in it
// is not in the certificate. The rules of the profile are for these then.
void change_names(IssueJob& job, const x509::ChangeSubjectName& change) {
    job.csr.subject = change.subject;
    job.csr.san = change.san;
    describe_csr(job.record(), job.csr);
}

// RFC 7030 4.2.2: the names are those of the certificate, whatever the rules; others are asked
// for with ChangeSubjectName.
pki::Status check_est_names(IssueJob& job, const Old& old) {
    PKI_CHECK(x509::check_same_identity(job.csr, old.certificate));
    PKI_TRY(const auto change, x509::change_subject_name(job.csr));
    if (!change) return {};
    if (!old.rules.change_subject)
        return fail(Errc::denied, "renewal: change_subject: other names are not allowed");
    change_names(job, *change);
    return {};
}

// RFC 8894 has no such attribute.
pki::Status check_names(IssueJob& job, const Old& old) {
    if (!is_scep(job)) return check_est_names(job, old);
    if (old.rules.change_subject) return {};
    return x509::check_same_identity(job.csr, old.certificate);
}

pki::Status check_rules(IssueJob& job, const Old& old, const CertificateRecord& record) {
    PKI_CHECK(check_profile(job, old.rules, record.profile));
    PKI_CHECK(check_renewal_time(old.certificate, old.rules, job.now()));
    PKI_CHECK(check_renewal_key(job.csr, old.certificate, old.rules));
    return check_names(job, old);
}

Objection as_objection(pki::Status status) {
    if (status) return std::optional<pki::Error>();
    return std::optional(std::move(status).error());
}

// RFC 8894 2.3 and 2.5, RFC 7030 4.2.2.
Objection object_to_old(Store& store, IssueJob& job, const Old& old) {
    PKI_TRY(const auto record,
            find_own(store, *job.generation, job.ca->tenant, old.certificate));
    if (!record)
        return std::optional(
            fail(Errc::unauthenticated, pki::Reason::signer_not_trusted,
                 is_scep(job) ? "renewal: the certificate that signed is not one of ours"
                              : "renewal: the client certificate is not one of ours"));
    identify_by(job.record(), old.certificate);
    PKI_TRY(auto revoked, object_to_client(store, old.certificate));
    return revoked ? Objection(std::move(revoked))
                   : as_objection(check_rules(job, old, *record));
}

// RFC 7030 4.2.1: who has a certificate of somebody else has the names in it.
pki::Status take_changed_names(IssueJob& job) {
    if (job.request.protocol != wire::Protocol::est) return {};
    PKI_TRY(const auto change, x509::change_subject_name(job.csr));
    if (change) change_names(job, *change);
    return {};
}

}  // namespace

Objection object_to_renewal(Store& store, IssueJob& job) {
    if (job.cmp) return std::optional<pki::Error>();
    if (job.request.operation != wire::Operation::renew)
        return as_objection(take_changed_names(job));
    if (job.signer) return object_to_old(store, job, {*job.signer, job.profile->scep->renewal});
    if (job.shown) return object_to_old(store, job, {*job.shown, job.profile->est.renewal});
    return std::optional(fail(Errc::denied, "renewal: no client certificate"));
}

}  // namespace signerd
