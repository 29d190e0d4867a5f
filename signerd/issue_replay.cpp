// Step 4 of the issue path for CMP: the message that opened a transaction has come again.
#include "signerd/fault.h"
#include "signerd/issue.h"
#include "signerd/issue_transaction.h"
#include "signerd/stored.h"

namespace signerd {

using pki::Errc;
using pki::fail;

namespace {

pki::Error ca_is_gone() { return fail(Errc::not_found, "the CA of the certificate is gone"); }

// What this message got before is no certificate any more: it gets no other one.
pki::Status check_worth(const Transaction& transaction, const CertificateRecord& certificate,
                        std::int64_t now) {
    if (certificate.revocation)
        return fail(Errc::denied, pki::Reason::cert_revoked,
                    "the certificate of the transaction is revoked", certificate.serial);
    if (certificate.not_after <= now || transaction.late(now)) return transaction_in_use();
    return {};
}

}  // namespace

// The answer of before; with it, when a person has approved it since, the time to confirm.
pki::Result<bool> Issuer::replay_transaction(const IssueJobPtr& job) {
    CmpState& cmp = *job->cmp;
    auto found = find_opened(store_, job->key.key, cmp.turn, job->now());
    if (!found && found.error().code == Errc::conflict) return found.error();
    if (!found) return reading_failed(found.error());
    reading_.note({});
    cmp.transaction = *std::move(found);
    if (!cmp.transaction) return false;
    cmp.nonce = cmp.transaction->first_nonce;
    cmp.confirm_by = cmp.transaction->confirm_by;
    if (cmp.transaction->state == TransactionState::waiting) return false;
    if (cmp.transaction->serial.empty()) return transaction_in_use();
    const auto certificate = certificate_of(store_, *cmp.transaction, *job->generation);
    if (!certificate) return reading_failed(certificate.error());
    PKI_CHECK(check_worth(*cmp.transaction, *certificate, job->now()));
    return replay(job, *certificate);
}

pki::Result<bool> Issuer::replay(const IssueJobPtr& job, const CertificateRecord& certificate) {
    // The key is nowhere any more.
    if (wants_key(*job)) return transaction_in_use();
    const Ca* issuer = find_ca(*job->generation, certificate.ca);
    if (job->request.want_chain && issuer == nullptr) return ca_is_gone();
    if (job->cmp->transaction->state == TransactionState::ready)
        return hand_over(job, certificate, issuer);
    release(*job);  // in the turn that claimed it: nobody waits
    answer(*job, certificate.der, issuer, true);
    return true;
}

// Who polls for it does the same.
bool Issuer::hand_over(const IssueJobPtr& job, const CertificateRecord& certificate,
                       const Ca* issuer) {
    if (!transactions_.enter(job->key.key, [this, job] { proceed(job); })) {
        release(*job);
        job->claimed = false;
        return true;
    }
    job->decided.silent = true;
    job->decided.transaction_change = fetch(*job->cmp->transaction, *job->profile, job->now());
    job->cmp->confirm_by = *job->decided.transaction_change->confirm_by;
    SIGNERD_FAULT("issue:8");
    committer_.commit(job->decided,
                      [this, job, der = certificate.der, issuer](const pki::Status& status) {
                          on_handed_over(job, der, issuer, status);
                      });
    return true;
}

void Issuer::on_handed_over(const IssueJobPtr& job, pki::Bytes certificate, const Ca* issuer,
                            const pki::Status& status) {
    transactions_.leave(job->key.key);
    if (!status) return refuse(job, store_failed(status.error()));
    SIGNERD_FAULT("issue:9");
    answer(*job, certificate, issuer, true);
    for (const IssueJobPtr& waiting : release(*job)) {
        share_answer(*waiting, *job);
        if (waiting->request.want_chain && issuer == nullptr)
            refuse(waiting, ca_is_gone());
        else
            answer(*waiting, certificate, issuer, true);
    }
}

}  // namespace signerd
