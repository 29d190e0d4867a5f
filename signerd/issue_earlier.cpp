// Step 4 of the issue path: what an earlier, equal request means for this one.
#include "signerd/approval.h"
#include "signerd/issue.h"
#include "signerd/issue_challenge.h"
#include "signerd/issue_key.h"
#include "signerd/issue_transaction.h"
#include "signerd/stored.h"

namespace signerd {

using pki::Errc;

namespace {

// Whose the transaction is, is not for one whom no challenge knows.
const pki::Error& told_of(const IssueJob& job, const pki::Error& error) {
    const auto& refusal = job.challenge.refusal;
    return refusal && error.code == Errc::conflict ? *refusal : error;
}

// Somebody else's transactionID is soon written down, and who does that may yet be refused: the
// owner must not suffer by it.
bool waits_behind(const IssueJob& job) {
    return job.key.by_public_key && !job.challenge.refusal;
}

// RFC 7030 3.5, 4.2.3: challengePassword ties the CSR to its connection, and on another one the
// client makes it anew. It is the same request all the same: what it asks for is equal, and who
// asks is part of the key.
pki::ossl::Sha256 csr_hash(const IssueJob& job) {
    const bool bound = job.request.protocol == pki::wire::Protocol::est &&
                       job.request.form == pki::wire::RequestForm::pkcs10 &&
                       job.csr.challenge_password;
    if (!bound) return job.key.csr_sha256;
    const auto request = pki::x509::without_challenge_password(job.csr);
    return request ? pki::ossl::sha256(*request) : job.key.csr_sha256;
}

RequestKey key_of(const IssueJob& job) {
    if (job.cmp) return transaction_request_key(job);
    return request_key(job.ca->tenant, job.request,
                       {csr_hash(job), pki::ossl::sha256(job.csr.spki.encoding)});
}

}  // namespace

// Step 4. True when an earlier request decides this one, or has to be decided before it.
bool Issuer::settled_earlier(const IssueJobPtr& job) {
    job->key = key_of(*job);
    // One hash finds whatever is recorded of it, however often the CSR is made anew.
    job->record().csr_sha256 = pki::to_buffer(job->key.csr_sha256);
    if (is_always_new(*job)) return false;
    const Claim claim = working_.claim(job->key);
    if (claim == Claim::taken) return working_.wait(job->key, job);
    if (claim == Claim::conflict && waits_behind(*job)) {
        behind_[job->key.key].push_back(job);
        return true;
    }
    job->claimed = claim == Claim::ours;
    const auto replayed = job->claimed ? replay_stored(job) : pki::Result<bool>(conflict(*job));
    if (!replayed) refuse(job, told_of(*job, replayed.error()));
    if (!replayed || *replayed) return true;
    const auto settled = settled_by_person(job);
    if (settled) return *settled;
    const pki::Error& error = told_of(*job, settled.error());
    refuse(job, error, without_detail(error));
    return true;
}

pki::Result<bool> Issuer::replay_stored(const IssueJobPtr& job) {
    if (job->cmp) return replay_transaction(job);
    if (wants_key(*job)) return object_to_second_key(*job);
    const auto found = find_stored(*job);
    if (!found) return reading_failed(found.error());
    reading_.note({});
    const std::optional<Stored>& earlier = *found;
    if (!earlier || earlier->means == Earlier::expired) return false;
    if (earlier->means == Earlier::conflict) return conflict(*job);
    const CertificateRecord& certificate = earlier->certificate;
    if (certificate.not_after <= job->now() || certificate.revocation) return false;
    const Ca* issuer = find_ca(*job->generation, certificate.ca);
    if (job->request.want_chain && issuer == nullptr) return false;
    release(*job);  // in the turn that claimed it: nobody waits
    answer(*job, certificate.der, issuer, true);
    return true;
}

// Whatever became of the certificate: its key went out with the first answer.
pki::Result<bool> Issuer::object_to_second_key(const IssueJob& job) {
    const auto found = store_.find_answer(job.key.key);
    if (!found) return reading_failed(found.error());
    reading_.note({});
    if (*found) return key_is_gone(job);
    return false;
}

// The certificate is read when it is the answer.
pki::Result<std::optional<Stored>> Issuer::find_stored(const IssueJob& job) const {
    PKI_TRY(const std::optional<Answer> earlier, store_.find_answer(job.key.key));
    if (!earlier) return std::optional<Stored>();
    const std::int64_t window = job.request.idempotency_window != 0
                                    ? job.request.idempotency_window
                                    : job.profile->idempotency_window;
    const Earlier means = weigh(*earlier, job.key, job.now(), window);
    if (means != Earlier::replay) return std::optional<Stored>({means, {}});
    PKI_TRY(std::optional<CertificateRecord> certificate,
            store_.find_certificate(earlier->ca, earlier->serial));
    if (!certificate) return damaged("an answer without its certificate", earlier->serial);
    PKI_CHECK(check_stored(*certificate, job.csr.spki, *job.generation));
    return std::optional<Stored>({means, *std::move(certificate)});
}

}  // namespace signerd
