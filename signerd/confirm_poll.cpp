// pollReq: what became of the request that opened the transaction.
#include "signerd/approval.h"
#include "signerd/confirm_job.h"
#include "signerd/issue_transaction.h"
#include "signerd/reply.h"
#include "signerd/stored.h"

namespace signerd {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;
using pki::Reason;

namespace {

pki::Error nothing_waits() {
    return fail(Errc::denied, Reason::bad_request, "nothing waits in this transaction");
}

}  // namespace

// The answer goes by the state of now, also to one that is replayed: its nonce is what must not
// change.
pki::Status Confirmer::decide_poll(ConfirmJob& job) const {
    if (!job.replayed) PKI_CHECK(check_nonce(job.transaction, job.turn));
    if (job.poll->cert_req_id != job.transaction.cert_req_id)
        return fail(Errc::malformed, Reason::bad_request, "no request has this certReqId");
    if (job.transaction.late(job.now())) return no_such_transaction();
    switch (job.transaction.state) {
        case TransactionState::waiting: return still_waits(job);
        case TransactionState::ready: return answer_with_certificate(job);
        default: return job.replayed ? answer_with_certificate(job) : nothing_waits();
    }
}

// What somebody has denied is in the audit log with his words, which are not the client's.
pki::Status Confirmer::still_waits(ConfirmJob& job) const {
    PKI_TRY(const auto kept, store_.find_request(job.key));
    if (!kept || kept->expired(job.now())) return no_such_transaction();
    if (kept->state == PendingState::denied) return without_detail(denied_by_person(*kept));
    const wire::PendingReply reply{kept->id, job.profile->approval.retry, job.nonce()};
    job.answer = reply_frame(reply, job.to.id);
    job.decided.silent = true;
    TransactionChange change;
    change.key = job.key;
    change.from = change.to = job.transaction.state;
    change.answered = answered_by(job.turn);
    job.decided.transaction_change = std::move(change);
    return {};
}

// With the time to confirm beginning now, when nobody has fetched it before.
pki::Status Confirmer::answer_with_certificate(ConfirmJob& job) const {
    if (job.transaction.serial.empty()) return nothing_waits();
    PKI_CHECK(find_certificate(job));
    if (job.certificate.revocation)
        return fail(Errc::denied, Reason::cert_revoked,
                    "the certificate of the transaction is revoked", job.certificate.serial);
    wire::IssueReply reply;
    reply.certificate = job.certificate.der;
    reply.sender_nonce = job.nonce();
    reply.replayed = true;
    reply.confirm_until = job.transaction.confirm_by;
    if (job.transaction.state == TransactionState::ready) {
        TransactionChange change = fetch(job.transaction, *job.profile, job.now());
        if (!job.replayed) change.answered = answered_by(job.turn);
        reply.confirm_until = *change.confirm_by;
        job.decided.transaction_change = std::move(change);
        job.decided.silent = true;
    }
    if (job.poll->want_chain) {
        const Ca* ca = find_ca(*job.generation, job.certificate.ca);
        if (ca == nullptr) return no_such_transaction();
        reply.chain = {ca->chain.begin(), ca->chain.end()};
    }
    job.answer = reply_frame(reply, job.to.id);
    job.replayed = job.replayed && !job.decided.silent;
    return {};
}

}  // namespace signerd
