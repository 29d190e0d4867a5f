#include "signerd/store/consistent.h"

namespace signerd {

namespace {

using pki::wire::Decision;
using pki::wire::Operation;

bool allows(const AuditRecord& record, const RevocationChange& change) {
    return record.decision == Decision::allow && record.serial == change.serial &&
           record.operation == (change.revocation ? Operation::revoke : Operation::release) &&
           (change.revocation || !change.blocked_key);
}

bool revocations_fit(const Decided& decided) {
    const std::size_t count = decided.revocations.size();
    if (count > decided.more.size() + 1) return false;
    if (count != 0 && decided.certificate) return false;
    for (std::size_t i = 0; i < count; i++)
        if (!allows(record_at(decided, i), decided.revocations[i])) return false;
    for (std::size_t i = count == 0 ? 1 : count; i <= decided.more.size(); i++)
        if (record_at(decided, i).decision == Decision::allow) return false;
    return true;
}

bool crls_fit(const Decided& decided) {
    return decided.crls.empty() || (decided.audit.decision == Decision::allow &&
                                    decided.audit.operation == Operation::crl);
}

bool certificate_fits(const Decided& decided) {
    const auto& certificate = decided.certificate;
    const auto& answer = decided.answer;
    if (!certificate) return !answer;
    return decided.audit.decision == Decision::allow &&
           decided.audit.serial == certificate->serial &&
           (!answer ||
            (answer->ca == certificate->ca && answer->serial == certificate->serial &&
             answer->csr_sha256 == certificate->csr_sha256));
}

// What nobody got or waits for is not used up.
bool uses_fit(const Decided& decided) {
    return decided.certificate || decided.pending ||
           (decided.used.empty() && decided.counted.empty());
}

// Nobody waits without a record of it, or is recorded as waiting and does not.
bool pending_fits(const Decided& decided) {
    const bool recorded = decided.audit.decision == Decision::pending;
    for (const AuditRecord& record : decided.more)
        if (record.decision == Decision::pending) return false;
    if (!decided.pending) return !recorded;
    return recorded && !decided.certificate && !decided.pending_change &&
           pki::equal(decided.audit.csr_sha256, decided.pending->csr_sha256);
}

bool change_fits(const Decided& decided) {
    if (!decided.pending_change) return true;
    switch (decided.pending_change->state) {
        case PendingState::waiting: return false;
        case PendingState::issued:
            return decided.certificate && (decided.answer || decided.transaction_change);
        case PendingState::denied: return decided.audit.decision == Decision::deny;
    }
    return false;
}

bool is_allowed(const Decided& decided) { return decided.audit.decision == Decision::allow; }

// Nothing else is decided beside it.
bool token_fits(const Decided& decided) {
    if (!decided.token && !decided.token_revocation) return true;
    return decided.audit.operation == Operation::token && is_allowed(decided) &&
           !(decided.token && decided.token_revocation) && !decided.certificate &&
           !decided.silent;
}

// A transaction begins with what its first message was answered with.
bool transaction_fits(const Decided& decided) {
    if (!decided.transaction) return true;
    if (decided.transaction_change) return false;
    switch (decided.transaction->state) {
        case TransactionState::waiting: return decided.pending.has_value();
        case TransactionState::unconfirmed: return decided.certificate.has_value();
        case TransactionState::closed: return is_allowed(decided) && !decided.pending;
        default: return false;
    }
}

// Who gets a certificate has waited for it. What is confirmed, rejected or has lapsed was with
// the client, or ready for him.
bool step_fits(const Decided& decided) {
    if (!decided.transaction_change) return true;
    const TransactionState from = decided.transaction_change->from;
    const TransactionState to = decided.transaction_change->to;
    if (from == to) return !decided.certificate;
    switch (to) {
        case TransactionState::waiting: return false;
        case TransactionState::ready: return decided.certificate && decided.pending_change;
        case TransactionState::unconfirmed:
        case TransactionState::closed:
            return decided.certificate.has_value() == (from == TransactionState::waiting) &&
                   (decided.certificate || from == TransactionState::ready);
        case TransactionState::confirmed:
            return from == TransactionState::unconfirmed && is_allowed(decided);
        case TransactionState::rejected: return is_due(from);
        case TransactionState::lapsed: return is_due(from);
    }
    return false;
}

// Without a record nothing becomes of a certificate: it was allowed when it was made.
bool silence_fits(const Decided& decided) {
    if (!decided.silent) return decided.forget_before == 0;
    const auto& change = decided.transaction_change;
    return !decided.certificate && decided.more.empty() && decided.revocations.empty() &&
           decided.crls.empty() && !decided.pending && !decided.pending_change &&
           !decided.transaction &&
           (!change || change->from == change->to ||
            (change->from == TransactionState::ready &&
             change->to != TransactionState::lapsed));
}

}  // namespace

bool consistent(const Decided& decided) {
    return certificate_fits(decided) && revocations_fit(decided) && crls_fit(decided) &&
           uses_fit(decided) && pending_fits(decided) && change_fits(decided) &&
           transaction_fits(decided) && step_fits(decided) && token_fits(decided) &&
           silence_fits(decided);
}

const AuditRecord& record_at(const Decided& decided, std::size_t i) {
    return i == 0 ? decided.audit : decided.more[i - 1];
}

}  // namespace signerd
