#include "signerd/approval.h"

#include "libpki/x509/oids.h"
#include "signerd/audit.h"
#include "signerd/issue_transaction.h"

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;

namespace {

std::string number_text(const PendingRequest& request) {
    return "request " + std::to_string(request.id);
}

// What was kept is what signerd found out, which a frontend cannot say.
wire::Credential request_credential(const PendingRequest& kept) {
    if (!kept.client_certificate.empty()) return wire::Credential::certificate;
    return kept.credential == wire::Credential::basic ? wire::Credential::basic
                                                      : wire::Credential::none;
}

// Of CMP it is: the transaction has told already whose it is.
bool is_bound_to(const PendingRequest& earlier, const IssueJob& job) {
    if (job.key.by_message) return job.cmp->transaction.has_value();
    const pki::ossl::Sha256& bound =
        job.key.by_public_key ? earlier.spki_sha256 : earlier.csr_sha256;
    return bound == job.key.binding();
}

PendingChange change_to(const IssueJob& job, PendingState state) {
    PendingChange change;
    change.id = job.approval->id;
    change.state = state;
    change.decided = job.now();
    const ApprovalRules rules =
        job.profile != nullptr ? job.profile->approval : ApprovalRules();
    change.expires = job.now() + rules.lifetime;
    change.decided_by = job.peer->name;
    return change;
}

}  // namespace

pki::Result<PendingRequest> pending_request(const IssueJob& job) {
    const wire::IssueRequest& request = job.request;
    PendingRequest kept;
    PKI_TRY(kept.csr, x509::without_challenge_password(job.csr));
    kept.key = job.key.key;
    kept.csr_sha256 = job.key.csr_sha256;
    kept.spki_sha256 = job.key.spki_sha256;
    kept.tenant = job.ca->tenant;
    kept.profile = request.profile;
    kept.protocol = request.protocol;
    kept.operation = request.operation;
    kept.subject = job.decided.audit.subject;
    kept.sans = job.decided.audit.sans;
    kept.client_address = request.client_address;
    kept.credential = job.decided.audit.credential;
    kept.credential_name = job.decided.audit.credential_name;
    kept.client_certificate = pki::to_buffer(request.client_certificate);
    kept.signer_certificate = pki::to_buffer(request.signer_certificate);
    kept.transaction = request.transaction;
    kept.form = request.form;
    kept.originator = pki::to_buffer(request.originator);
    kept.created = job.now();
    kept.expires = job.now() + job.profile->approval.lifetime;
    return kept;
}

pki::Result<std::optional<std::uint64_t>> weigh(const PendingRequest& earlier,
                                                const IssueJob& job) {
    if (earlier.expired(job.now())) return std::optional<std::uint64_t>();
    if (!is_bound_to(earlier, job)) return conflict(job);
    switch (earlier.state) {
        case PendingState::waiting: return std::optional(earlier.id);
        case PendingState::denied: return denied_by_person(earlier);
        case PendingState::issued: break;  // and that certificate is no answer any more
    }
    return std::optional<std::uint64_t>();
}

pki::Error denied_by_person(const PendingRequest& request) {
    std::string detail = number_text(request) + " was denied by " + request.decided_by;
    if (!request.reason.empty()) detail += ": " + request.reason;
    return fail(Errc::denied, "the request was denied", detail);
}

pki::Error without_detail(pki::Error error) {
    error.detail.clear();
    return error;
}

pki::Status check_waits(const PendingRequest& request, std::int64_t now) {
    const std::string number = std::to_string(request.id);
    switch (request.state) {
        case PendingState::issued:
            return fail(Errc::conflict, "the request was approved already", number);
        case PendingState::denied:
            return fail(Errc::conflict, "the request was denied already", number);
        case PendingState::waiting: break;
    }
    if (request.expired(now)) return fail(Errc::conflict, "the request has expired", number);
    return {};
}

void take_over(IssueJob& job) {
    const PendingRequest& kept = *job.approval;
    wire::IssueRequest& request = job.request;
    request.profile = kept.profile;
    request.protocol = kept.protocol;
    request.operation = kept.operation;
    request.csr = kept.csr;
    request.client_certificate = kept.client_certificate;
    request.credential = request_credential(kept);
    if (request.credential != wire::Credential::none)
        request.credential_name = kept.credential_name;
    request.signer_certificate = kept.signer_certificate;
    request.client_address = kept.client_address;
    request.transaction = kept.transaction;
    request.form = kept.form;
    request.originator = kept.originator;
    job.key.key = kept.key;
    job.key.csr_sha256 = kept.csr_sha256;
    job.key.spki_sha256 = kept.spki_sha256;
    // Its requests have a transactionID, all of them.
    job.key.by_public_key = kept.protocol == wire::Protocol::scep;
}

void describe(IssueJob& job) {
    job.record().tenant = job.approval->tenant;
    job.record().credential = job.approval->credential;
    job.record().credential_name = job.approval->credential_name;
    job.record().subject = job.approval->subject;
    job.record().sans = job.approval->sans;
}

void restore_challenge(IssueJob& job) {
    x509::Csr& csr = job.csr;
    if (csr.signature.empty() && job.request.form == wire::RequestForm::pkcs10)
        csr.attribute_types.push_back(x509::oid::kChallengePassword);
}

namespace {

// A transaction is good for one certificate, whatever became of that.
std::optional<pki::Error> object_to_second_of(const std::optional<Transaction>& transaction) {
    if (!transaction) return fail(Errc::conflict, "the transaction of the request is over");
    if (transaction->state == TransactionState::waiting) return {};
    return fail(Errc::conflict, "a certificate was issued for it meanwhile",
                transaction->serial);
}

}  // namespace

Objection object_to_second(Store& store, const IssueJob& job) {
    if (job.cmp) return object_to_second_of(job.cmp->transaction);
    const PendingRequest& request = *job.approval;
    PKI_TRY(const auto answer, store.find_answer(request.key));
    if (!answer) return std::optional<pki::Error>();
    PKI_TRY(const auto certificate, store.find_certificate(answer->ca, answer->serial));
    if (!certificate || certificate->revocation || certificate->issued < request.created)
        return std::optional<pki::Error>();
    return std::optional(
        fail(Errc::conflict, "a certificate was issued for it meanwhile", answer->serial));
}

Objection use_up_no_more(Store& store, const PendingRequest& request, IssueJob& job) {
    PKI_TRY(const auto answer, store.find_answer(request.key));
    if (!answer || answer->created < request.created) {
        job.challenge.claims = {};
        job.limits.clear();
    }
    return std::optional<pki::Error>();
}

void stays_undecided(IssueJob& job) {
    const bool waits = check_waits(*job.approval, job.now()).has_value();
    job.record().detail = number_text(*job.approval) + (waits ? " stays undecided: " : ": ") +
                          job.record().detail;
    make_fit(job.record());
}

void approve(IssueJob& job) {
    PendingChange change = change_to(job, PendingState::issued);
    if (job.cmp)
        approve_transaction(job, change.expires);
    else
        job.decided.answer->created = change.expires;
    const std::string detail = number_text(*job.approval) + " approved by " + job.peer->name;
    record_allow(job.record(), job.decided.certificate->serial, detail);
    job.decided.pending_change = std::move(change);
}

void deny(IssueJob& job, std::string_view reason) {
    PendingChange change = change_to(job, PendingState::denied);
    change.reason = reason;
    PendingRequest denied = *job.approval;
    denied.decided_by = change.decided_by;
    denied.reason = change.reason;
    record_refusal(job.record(), denied_by_person(denied));
    if (job.cmp) deny_transaction(job, change.expires);
    job.decided.pending_change = std::move(change);
}

}  // namespace signerd
