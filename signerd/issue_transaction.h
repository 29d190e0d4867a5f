// CMP in the issue path: who sent the message, which transaction it opens, and what is kept of
// that. In the place of an idempotency key there is the transaction: bound to the bytes of the
// message that opened it and to its originator, and good for one certificate.
#pragma once

#include "signerd/issue_job.h"

namespace signerd {

// With step 1. malformed: parts of CMP in a request of another protocol, or the other way
// round.
pki::Status read_cmp(IssueJob& job);
// Of a request that was kept: its originator, and its transaction when it still has one. Errors
// of the store are unavailable or internal.
pki::Status restore_cmp(Store& store, IssueJob& job);

// A key is to be made for the client: it has sent no public key (RFC 9483 4.1.6), or one that does
// not count (RFC 7030 4.4.1).
bool wants_key(const IssueJob& job);

// RFC 4211 4, RFC 9810 5.2.8: bad_signature (bad_pop). raVerified is the word of somebody else,
// and counts from an RA alone, where the profile has them; from a stranger it is no proof at
// all, so that what is wrong is the proof (badPOP) and not what he may do.
pki::Status check_cmp_possession(const IssueJob& job);

// In the place of request_key().
RequestKey transaction_request_key(const IssueJob& job);

// Into what becomes durable with the certificate, with the request that waits for a person,
// with his approval, and with his denial.
void record_transaction(IssueJob& job);
void keep_transaction(IssueJob& job);
void approve_transaction(IssueJob& job, std::int64_t fetch_by);
void deny_transaction(IssueJob& job, std::int64_t expires);

// The certificate of the transaction of `job` is handed over now: until when it has to be
// confirmed is counted from here.
TransactionChange fetch(const Transaction& transaction, const Profile& profile,
                        std::int64_t now);
// With a lifetime after that in which retries get their answer.
std::int64_t transaction_end(const Profile& profile, std::int64_t confirm_by, std::int64_t now);

// Of the two, `other` has waited for the outcome of `job`, and gets its answer.
void share_answer(IssueJob& other, const IssueJob& job);

}  // namespace signerd
