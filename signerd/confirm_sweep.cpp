#include "signerd/confirm_sweep.h"

#include "signerd/fault.h"
#include "signerd/issue_transaction.h"
#include "signerd/revocation_rules.h"
#include "signerd/stored.h"

namespace signerd {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;

struct ConfirmSweep::Lapse {
    std::shared_ptr<const Generation> generation;
    pki::ossl::Sha256 key{};
    Decided decided;  // the writer reads it until it has committed
};

namespace {

constexpr std::chrono::milliseconds kAtOnce{0};

std::string lapse_text(const Transaction& transaction) {
    return transaction.state == TransactionState::ready ? "not fetched in time"
                                                        : "not confirmed in time";
}

bool is_kept(const Profile* profile) {
    return profile != nullptr && profile->cmp && profile->cmp->keep_unconfirmed;
}

TransactionChange lapse_of(const Transaction& transaction, const Profile* profile,
                           std::int64_t now) {
    TransactionChange change;
    change.key = transaction.key;
    change.from = transaction.state;
    change.to = TransactionState::lapsed;
    change.expires =
        profile != nullptr ? transaction_end(*profile, 0, now) : now + kTransactionLife;
    return change;
}

}  // namespace

void ConfirmSweep::use(std::shared_ptr<const Generation> generation) {
    const bool first = generation_ == nullptr;
    generation_ = std::move(generation);
    if (first) sweep();
}

void ConfirmSweep::again(std::chrono::milliseconds delay) {
    after_(delay, [this] { sweep(); });
}

void ConfirmSweep::sweep() {
    if (draining_) return;
    more_ = failed_ = false;
    const auto due = store_.due_transactions(clock_.now() / kMicroseconds, kBatch);
    outage_.note(due ? pki::Status() : pki::Status(due.error()));
    if (!due) return again(kPause);
    under_way_ = 1;  // this loop
    std::size_t begun = 0;
    for (const Transaction& transaction : *due) begun += lapse(transaction);
    more_ = begun == kBatch;
    end_of_batch();
}

// False when somebody works on it at this moment, or it cannot be done.
bool ConfirmSweep::lapse(const Transaction& transaction) {
    if (!queue_.enter(transaction.key, [] {})) return false;
    const auto job = std::make_shared<Lapse>();
    job->generation = generation_;
    job->key = transaction.key;
    if (const auto status = prepare(*job, transaction); !status) {
        outage_.note(status);
        queue_.leave(job->key);
        return false;
    }
    under_way_++;
    revoker_.hold(job->decided);
    SIGNERD_FAULT("sweep:1");
    committer_.commit(job->decided,
                      [this, job](const pki::Status& status) { on_lapsed(job, status); });
    return true;
}

// As with one that the client rejects: nobody is going to use it.
pki::Status ConfirmSweep::prepare(Lapse& job, const Transaction& transaction) const {
    PKI_TRY(const auto certificate,
            store_.find_certificate(transaction.ca, transaction.serial));
    if (!certificate)
        return damaged("a transaction without its certificate", transaction.serial);
    if (revoker_.busy(*certificate)) return fail(Errc::unavailable, "revoked at this moment");
    const Profile* profile = job.generation->profile(certificate->profile);
    const std::int64_t time = clock_.now();
    const Occasion occasion{time, job.generation->config->id, {}, {}};
    AuditRecord& record = job.decided.audit;
    job.decided.transaction_change = lapse_of(transaction, profile, time / kMicroseconds);
    const bool revoked = certificate->revocation.has_value();
    if (revoked || is_kept(profile)) {
        record = record_change(occasion, wire::Operation::confirm, *certificate);
        record_refusal(record, fail(Errc::denied, "the certificate stays as it is",
                                    lapse_text(transaction)));
        record.serial = certificate->serial;
        return {};
    }
    record = record_change(occasion, wire::Operation::revoke, *certificate);
    PKI_TRY(RevocationChange change,
            revoke(*certificate, pki::x509::CrlReason::cessation_of_operation,
                   time / kMicroseconds));
    job.decided.revocations.push_back(std::move(change));
    record_allow(record, certificate->serial, lapse_text(transaction));
    return {};
}

void ConfirmSweep::on_lapsed(const LapsePtr& job, const pki::Status& status) {
    SIGNERD_FAULT("sweep:2");
    revoker_.let_go(job->decided, status.has_value());
    queue_.leave(job->key);
    if (!status) failed_ = true;
    end_of_batch();
}

void ConfirmSweep::end_of_batch() {
    if (--under_way_ != 0) return;
    if (failed_) return again(kPause);
    if (more_) return again(kAtOnce);
    forget();
}

// One step, and the next one after all that waits meanwhile.
void ConfirmSweep::forget() {
    const std::int64_t now = clock_.now() / kMicroseconds;
    const auto old = store_.has_old_transactions(now);
    if (!old || !*old) return again(kPause);
    forgetting_ = {};
    forgetting_.silent = true;
    forgetting_.forget_before = now;
    committer_.commit(forgetting_, [this](const pki::Status& status) {
        again(status ? kAtOnce : std::chrono::milliseconds(kPause));
    });
}

}  // namespace signerd
