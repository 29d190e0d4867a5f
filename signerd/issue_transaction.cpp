#include "signerd/issue_transaction.h"

#include <algorithm>

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;
using pki::Reason;

namespace {

bool has_parts_of_cmp(const wire::IssueRequest& request) {
    return !request.turn.empty() || !request.originator.empty() || request.implicit_confirm;
}

// The originator says it all.
bool has_other_credentials(const wire::IssueRequest& request) {
    return request.credential != wire::Credential::none || !request.credential_name.empty() ||
           !request.client_certificate.empty() || !request.signer_certificate.empty() ||
           !request.idempotency_key.empty();
}

bool ra_may_speak(const IssueJob& job) {
    return job.cmp->turn.originator.ra && job.profile != nullptr && job.profile->cmp &&
           job.profile->cmp->ra;
}

pki::ossl::Sha256 binding_of(const pki::ossl::Sha256& message,
                             const pki::ossl::Sha256& sender) {
    return pki::ossl::sha256({message, sender});
}

pki::Error bad_pop(pki::Error error) {
    error.reason = Reason::bad_pop;
    return error;
}

pki::Status verify(const IssueJob& job) {
    const auto& request = job.cmp->request;
    auto status =
        request ? x509::verify_possession(*request) : x509::verify_possession(job.csr);
    if (!status) return bad_pop(std::move(status).error());
    return status;
}

// A client that asks for no certConf gets by without, where the profile lets it (RFC 9810
// 5.1.1.1).
// Not for a key that was made for him: only a certConf tells that it has arrived, and nobody
// can send it again.
bool confirms_implicitly(const IssueJob& job) {
    return job.request.implicit_confirm && job.profile->cmp->implicit_confirm && !job.made_key;
}

Transaction new_transaction(const IssueJob& job) {
    Transaction opened = open_transaction(job.key.key, job.cmp->turn, job.now());
    opened.cert_req_id = job.cmp->cert_req_id();
    opened.implicit_confirm = confirms_implicitly(job);
    return opened;
}

struct Deadline {
    TransactionState state;
    std::int64_t confirm_by;
};

Deadline deadline(bool implicit_confirm, const Profile& profile, std::int64_t now) {
    if (implicit_confirm) return {TransactionState::closed, 0};
    return {TransactionState::unconfirmed, now + profile.cmp->confirm_within};
}

}  // namespace

pki::Status read_cmp(IssueJob& job) {
    const wire::IssueRequest& request = job.request;
    if (request.protocol != wire::Protocol::cmp) {
        if (!has_parts_of_cmp(request)) return {};
        return fail(Errc::malformed, "issue: parts of CMP with another protocol");
    }
    if (has_other_credentials(request))
        return fail(Errc::malformed, "issue: with CMP the originator is the credential");
    PKI_TRY(CmpTurn turn, read_turn(request.turn, request.originator));
    job.cmp.emplace();
    job.cmp->nonce = pki::to_buffer(turn.turn.sender_nonce);
    job.cmp->turn = std::move(turn);
    identify_by(job.record(), job.cmp->turn);
    return {};
}

pki::Status restore_cmp(Store& store, IssueJob& job) {
    if (job.request.protocol != wire::Protocol::cmp) return {};
    PKI_TRY(CmpTurn turn, read_originator(job.request.originator));
    job.cmp.emplace();
    job.cmp->turn = std::move(turn);
    PKI_TRY(job.cmp->transaction, find_live(store, job.key.key, job.now()));
    if (!job.cmp->transaction) return {};
    job.key.by_message = true;
    job.key.message =
        binding_of(job.cmp->transaction->opened_by, job.cmp->transaction->originator);
    return {};
}

bool wants_key(const IssueJob& job) {
    return !job.made_key && (job.request.make_key || job.csr.spki.encoding.empty());
}

pki::Status check_cmp_possession(const IssueJob& job) {
    const auto& request = job.cmp->request;
    // Whether one is made is the profile's matter (check_key_generation).
    if (wants_key(job) && request->possession == x509::Possession::none) return {};
    if (wants_key(job))
        return fail(Errc::bad_signature, Reason::bad_pop, "a proof without a public key");
    if (request && request->possession == x509::Possession::ra_verified) {
        if (ra_may_speak(job)) return {};
        return fail(Errc::bad_signature, Reason::bad_pop,
                    "raVerified by somebody who is no RA of the profile");
    }
    if (job.peer->verify_possession) return verify(job);
    if (job.request.possession_verified) return {};
    return fail(Errc::denied, Reason::bad_pop, "issue: nobody has verified the possession");
}

RequestKey transaction_request_key(const IssueJob& job) {
    const CmpTurn& turn = job.cmp->turn;
    RequestKey key;
    key.key = transaction_key(job.ca->tenant, job.request.profile, turn.turn.transaction_id);
    key.csr_sha256 = job.key.csr_sha256;
    key.spki_sha256 = pki::ossl::sha256(job.csr.spki.encoding);
    key.by_message = true;
    key.message = binding_of(turn.message, turn.sender);
    return key;
}

std::int64_t transaction_end(const Profile& profile, std::int64_t confirm_by,
                             std::int64_t now) {
    return std::max(now, confirm_by) + std::max(profile.idempotency_window, kTransactionLife);
}

TransactionChange fetch(const Transaction& transaction, const Profile& profile,
                        std::int64_t now) {
    const Deadline next = deadline(transaction.implicit_confirm, profile, now);
    TransactionChange change;
    change.key = transaction.key;
    change.from = transaction.state;
    change.to = next.state;
    change.confirm_by = next.confirm_by;
    change.expires = transaction_end(profile, next.confirm_by, now);
    return change;
}

// One that waited for a person goes on, when nobody has to decide any more.
void record_transaction(IssueJob& job) {
    CmpState& cmp = *job.cmp;
    if (cmp.transaction) {
        job.decided.transaction_change = fetch(*cmp.transaction, *job.profile, job.now());
        cmp.confirm_by = *job.decided.transaction_change->confirm_by;
        return;
    }
    Transaction opened = new_transaction(job);
    const Deadline next = deadline(opened.implicit_confirm, *job.profile, job.now());
    opened.state = next.state;
    opened.confirm_by = cmp.confirm_by = next.confirm_by;
    opened.expires = transaction_end(*job.profile, next.confirm_by, job.now());
    job.decided.transaction = std::move(opened);
}

void keep_transaction(IssueJob& job) {
    Transaction opened = new_transaction(job);
    opened.state = TransactionState::waiting;
    opened.expires = job.decided.pending->expires;
    job.decided.transaction = std::move(opened);
}

void approve_transaction(IssueJob& job, std::int64_t fetch_by) {
    TransactionChange change;
    change.key = job.key.key;
    change.from = TransactionState::waiting;
    change.to = TransactionState::ready;
    change.confirm_by = change.expires = fetch_by;
    job.decided.transaction_change = change;
}

// The client hears of it for as long as others do.
void deny_transaction(IssueJob& job, std::int64_t expires) {
    const auto& transaction = job.cmp->transaction;
    if (!transaction || transaction->state != TransactionState::waiting) return;
    TransactionChange change;
    change.key = job.key.key;
    change.from = change.to = TransactionState::waiting;
    change.expires = expires;
    job.decided.transaction_change = change;
}

void share_answer(IssueJob& other, const IssueJob& job) {
    if (!job.cmp || !other.cmp) return;
    other.cmp->nonce = job.cmp->nonce;
    other.cmp->confirm_by = job.cmp->confirm_by;
}

}  // namespace signerd
