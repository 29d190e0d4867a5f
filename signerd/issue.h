// The issue path: the one sequence that leads to a certificate, whatever the protocol.
//
//     1 decode, load, revoked client, CSR and its signature
//     2 profile of this peer, the certificate of a renewal, challenge, token, policy, blocked
//       key
//     3 what the limits go by   4 idempotency
//     5 single-use things, limits, and who is asked outside
//       a challenge that nobody knows (any more), or a token that is not valid (any more), is
//       refused only after 4: a retry of a request that waits or was answered may come then
//       what a person decides waits from here on (issue_approval.cpp)
//       a key for a client that has none is made here (issue_key.cpp)
//     with CMP the transaction is what idempotency goes by (issue_transaction.h)
//     6 serial and TBS   7 signature by the key child
//     8 one durable transaction: certificate, audit record, answer   9 answer
//
// A refusal goes through 8 as well: nothing leaves before its audit record is durable. The
// exception is a store that is away, when all get `unavailable`. A replay is no decision and
// has no record: 100 equal requests are one "allow".
#pragma once

#include <map>
#include <memory>

#include "libpki/x509/csr.h"
#include "signerd/clock.h"
#include "signerd/idempotency.h"
#include "signerd/issue_claims.h"
#include "signerd/key_maker.h"
#include "signerd/keys/signer.h"
#include "signerd/outage.h"
#include "signerd/request.h"
#include "signerd/transaction.h"
#include "signerd/writer.h"

namespace signerd {

using IssueJobPtr = std::shared_ptr<IssueJob>;
struct Stored;  // what an earlier, equal request got

class Issuer {
   public:
    Issuer(const Clock& clock, Store& store, Signer& signer, Committer& committer,
           Replies& replies)
        : clock_(clock),
          store_(store),
          signer_(signer),
          committer_(committer),
          replies_(replies) {}

    // The answer goes to `request.to`, in this turn or a later one.
    void issue(const Request& request);

    // wire::RequestDecideRequest: an approval goes on at step 6, after the checks of 1 and 2 by
    // the rules of today. One that fails leaves the request waiting.
    void decide(const Request& request);

    // From now on requests are shed.
    void drain() { draining_ = true; }
    // Who asks others about challenges; without it, requests that need it are refused. It
    // outlives this object's requests.
    void ask_through(Outside* outside) { outside_ = outside; }
    // Who makes keys for clients; the same holds.
    void make_keys_through(KeyMaker* maker) { key_maker_ = maker; }
    // Accepted and not yet answered.
    std::size_t in_flight() const { return in_flight_; }
    // Shared by all who go on with transactions of CMP.
    TransactionQueue& transactions() { return transactions_; }

   private:
    IssueJobPtr accept(const Request& request);
    pki::Status examine(IssueJob& job);
    pki::Status examine_again(IssueJob& job);
    pki::Status check_client(const IssueJob& job);
    pki::Status check_policy(const IssueJob& job);
    pki::Status check_load(const IssueJob& job) const;
    void proceed(const IssueJobPtr& job);
    void refuse_unknown(const IssueJobPtr& job);
    void authorize(const IssueJobPtr& job);
    void on_authorized(const IssueJobPtr& job, const pki::Result<Finding>& finding);
    void authorized(const IssueJobPtr& job);
    void make_key(const IssueJobPtr& job);
    void on_key(const IssueJobPtr& job, MadeKey key);
    void sign(const IssueJobPtr& job);
    pki::Status prepare(IssueJob& job) const;
    void tell_outside(const IssueJob& job, const Outcome& outcome);
    bool settled_earlier(const IssueJobPtr& job);
    pki::Result<bool> replay_stored(const IssueJobPtr& job);
    pki::Result<bool> object_to_second_key(const IssueJob& job);
    pki::Result<bool> replay_transaction(const IssueJobPtr& job);
    pki::Result<bool> replay(const IssueJobPtr& job, const CertificateRecord& certificate);
    bool hand_over(const IssueJobPtr& job, const CertificateRecord& certificate,
                   const Ca* issuer);
    void on_handed_over(const IssueJobPtr& job, pki::Bytes certificate, const Ca* issuer,
                        const pki::Status& status);
    pki::Result<bool> settled_by_person(const IssueJobPtr& job);
    void ask(const IssueJobPtr& job);
    pki::Status keep(IssueJob& job);
    void on_asked(const IssueJobPtr& job, const pki::Status& status);
    pki::Status take_up(IssueJob& job, std::uint64_t request);
    pki::Status object_to_approval(IssueJob& job);
    void deny(const IssueJobPtr& job, std::string_view reason);
    void on_denied(const IssueJobPtr& job, const pki::Status& status);
    pki::Status settle(const pki::Result<std::optional<pki::Error>>& objection);
    pki::Error reading_failed(const pki::Error& error);
    pki::Result<std::optional<Stored>> find_stored(const IssueJob& job) const;
    void on_signature(const IssueJobPtr& job, const pki::Result<pki::Buffer>& signature);
    void on_committed(const IssueJobPtr& job, const pki::Status& status);
    // The audit record has `error`, the client hears `told`.
    void refuse(const IssueJobPtr& job, const pki::Error& error, const pki::Error& told);
    void refuse(const IssueJobPtr& job, const pki::Error& error) { refuse(job, error, error); }
    void answer_error(const IssueJob& job, const pki::Error& error, const pki::Error& told);
    // `issuer` may be nullptr where no chain is wanted.
    void answer(const IssueJob& job, pki::Bytes certificate, const Ca* issuer, bool replayed);
    void answer_pending(const IssueJob& job, std::uint64_t request);
    void answer_decision(const IssueJob& job);
    std::vector<IssueJobPtr> release(const IssueJob& job);

    const Clock& clock_;
    Store& store_;
    Signer& signer_;
    Committer& committer_;
    Replies& replies_;
    Outside* outside_ = nullptr;
    KeyMaker* key_maker_ = nullptr;
    InFlight<IssueJobPtr> working_;
    // Of SCEP, by their key: one with another public key is being worked on.
    std::map<pki::ossl::Sha256, std::vector<IssueJobPtr>> behind_;
    HeldClaims claims_;
    TransactionQueue transactions_;
    Outage reading_{"store"};
    Outage damage_{"store"};  // never over
    std::size_t in_flight_ = 0;
    bool draining_ = false;
};

}  // namespace signerd
