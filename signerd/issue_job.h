// One request on its way through the issue path, and what is known of it so far.
#pragma once

#include <memory>
#include <optional>

#include "libpki/x509/cert.h"
#include "libpki/x509/crmf.h"
#include "signerd/challenge/challenge.h"
#include "signerd/clock.h"
#include "signerd/idempotency.h"
#include "signerd/issue_tbs.h"
#include "signerd/key_maker.h"
#include "signerd/reply.h"
#include "signerd/request.h"
#include "signerd/transaction.h"

namespace signerd {

// What is known of the challenge of a SCEP request.
struct ChallengeState {
    pki::Secret password;              // as UTF-8; empty: none, or none is needed
    const Challenge* known = nullptr;  // who accepted it, or is to ask about it; lives in the
                                       // generation
    bool ask = false;                  // somebody outside has to be asked
    bool asked = false;                // and has accepted it
    // What is known of it, or of a token, when the audit record has another credential.
    std::string beside;
    // Nobody knows it, or the token is not valid: an earlier, equal request may answer this
    // one, nothing else does.
    std::optional<pki::Error> refusal;
    Claims claims;
};

// One of "limits" of the profile, as far as this request is concerned.
struct LimitClaim {
    const char* rule = "";  // its key in signerd.json
    IssueLimit limit;
    CountedValue counted;
};

// What is known of a request by CMP.
struct CmpState {
    CmpTurn turn;  // of a request that was kept: the originator alone
    std::optional<pki::x509::CertRequest> request;  // with RequestForm::crmf
    std::optional<Transaction> transaction;         // that this message has opened before
    // Of the answer: our nonce, and until when it has to be confirmed (0: it need not).
    pki::Buffer nonce;
    std::int64_t confirm_by = 0;

    std::int64_t cert_req_id() const { return request ? request->id : -1; }
};

struct IssueJob {
    std::shared_ptr<const Generation> generation;
    const Peer* peer = nullptr;
    ReplyTo to;
    std::int64_t received = 0;  // microseconds since 1970

    pki::Buffer fields;  // what the views of request and csr look into
    pki::wire::IssueRequest request;
    pki::x509::Csr csr;                            // of CRMF: the template in these terms
    std::optional<pki::x509::CertRequest> crmf;    // of a request that is one, outside of CMP
    std::optional<pki::x509::Certificate> shown;   // by a client that identified itself with it
    std::optional<pki::x509::Certificate> signer;  // of the message around the CSR
    // The request that an operator decides about, in the place of `fields`; none: a client's
    // own.
    std::optional<PendingRequest> approval;
    bool discreet = false;  // the detail of its refusal is for the audit record alone
    const Profile* profile = nullptr;
    const Ca* ca = nullptr;

    ChallengeState challenge;
    std::optional<CmpState> cmp;
    std::optional<MadeKey> made_key;  // for the client, who had none or wants none of his
    std::vector<LimitClaim> limits;
    bool held = false;  // the claims of challenge, token and limits are taken
    std::uint32_t retry_after = kRetryAfter;  // seconds, with a refusal for now

    RequestKey key;
    bool claimed = false;
    Serial serial{};
    UnsignedCertificate draft;
    Decided decided;  // the writer reads it until it has committed

    AuditRecord& record() { return decided.audit; }
    std::int64_t now() const { return received / kMicroseconds; }
};

inline pki::Error conflict(const IssueJob& job) {
    if (job.key.by_message) return transaction_in_use();
    return pki::fail(pki::Errc::conflict, job.key.by_public_key
                                              ? "the transaction belongs to another key"
                                              : "the idempotency key belongs to another CSR");
}

// Whatever ails the store, the client did nothing wrong and may come again.
inline pki::Error store_failed(pki::Error error) {
    error.code = pki::Errc::unavailable;
    return error;
}

}  // namespace signerd
