// Revocation requests of CMP (rr, RFC 9483 4.2): by the owner of a certificate, who signs with
// it, or by an RA. Where the profile has "cmp.revocation"; nobody else's certificates, and none
// of another profile, can be told from ones that are not there.
//
// The change becomes durable with its audit record and its transaction before the answer
// leaves. The same message again gets the same answer; another one for a certificate that is
// revoked already is refused.
#pragma once

#include "signerd/request.h"
#include "signerd/revoke.h"
#include "signerd/transaction.h"

namespace signerd {

struct CmpRevokeJob;  // one request on its way
using CmpRevokeJobPtr = std::shared_ptr<CmpRevokeJob>;

class CmpRevoker {
   public:
    // `queue` is that of all transactions, `revoker` knows the changes that are on their way.
    CmpRevoker(const Clock& clock, Store& store, Committer& committer, Replies& replies,
               Revoker& revoker, TransactionQueue& queue)
        : clock_(clock),
          store_(store),
          committer_(committer),
          replies_(replies),
          revoker_(revoker),
          queue_(queue) {}

    // wire::CmpRevokeRequest. The answer goes to `request.to`, in this turn or a later one.
    void revoke(const Request& request);

   private:
    CmpRevokeJobPtr begin(const Request& request) const;
    pki::Status decode(CmpRevokeJob& job) const;
    void proceed(const CmpRevokeJobPtr& job);
    pki::Result<bool> replay(CmpRevokeJob& job) const;
    pki::Status prepare(CmpRevokeJob& job) const;
    pki::Status check_sender(const CmpRevokeJob& job) const;
    pki::Result<CertificateRecord> find(const CmpRevokeJob& job) const;
    void commit(const CmpRevokeJobPtr& job);
    void on_committed(const CmpRevokeJobPtr& job, const pki::Status& status);
    void refuse(const CmpRevokeJobPtr& job, const pki::Error& error);
    void answer(const CmpRevokeJob& job);
    void send_error(const CmpRevokeJob& job, const pki::Error& error);

    const Clock& clock_;
    Store& store_;
    Committer& committer_;
    Replies& replies_;
    Revoker& revoker_;
    TransactionQueue& queue_;
};

}  // namespace signerd
