// Transactions of CMP: who may go on with one, and with what. Their messages come by way of
// different workers; what ties them together is in the store (store/transaction.h).
//
// A message that opens a transaction (ir, cr, kur, p10cr, rr):
//     read_turn(), transaction_key(), find_opened(): the answer of before, or none;
//     open_transaction() into what is committed with the decision
// One that continues it (certConf, pollReq):
//     find_live(), check_originator(), same message: the answer of before; check_nonce()
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "libpki/wire/transaction.h"
#include "libpki/x509/cert.h"
#include "signerd/audit.h"

namespace signerd {

// What a message of CMP brings with it: `turn` and `originator` of its request. Views.
struct CmpTurn {
    pki::wire::Turn turn;
    pki::wire::Originator originator;
    std::optional<pki::x509::Certificate> certificate;  // of the originator; none: a MAC
    pki::ossl::Sha256 message{};                        // turn.message_sha256
    pki::ossl::Sha256 sender{};                         // hash of the originator
};

// malformed when the parts do not fit together: they are the worker's, which has answered
// everything that a client can do wrong here.
pki::Result<CmpTurn> read_turn(pki::Bytes turn, pki::Bytes originator);
// The second half of it, without a message: of a request that was kept.
pki::Result<CmpTurn> read_originator(pki::Bytes originator);

pki::ossl::Sha256 transaction_key(std::string_view tenant, std::string_view profile,
                                  pki::Bytes transaction_id);

// The client is who sent the message.
void identify_by(AuditRecord& record, const CmpTurn& turn);
// What is known of a message that asks for no certificate: a denial until record_allow() says
// otherwise.
AuditRecord record_turn(const Occasion& occasion, std::string_view profile,
                        pki::wire::Operation operation, const CmpTurn& turn,
                        std::string_view client_address, std::string_view transaction);

// nullopt: there is none, or it is over.
pki::Result<std::optional<Transaction>> find_live(Store& store, const pki::ossl::Sha256& key,
                                                  std::int64_t now);
// The one that this very message has opened before, by the same originator; nullopt when the
// transactionID is free. conflict (transaction_id_in_use) when it is taken.
pki::Result<std::optional<Transaction>> find_opened(Store& store, const pki::ossl::Sha256& key,
                                                    const CmpTurn& turn, std::int64_t now);

// The new one, in state `closed`, expiring at `now` + kTransactionLife: retries get their
// answer so long. Sent in Decided::transaction.
constexpr std::int64_t kTransactionLife = 3600;
Transaction open_transaction(const pki::ossl::Sha256& key, const CmpTurn& turn,
                             std::int64_t now);
Answered answered_by(const CmpTurn& turn);

// One originator has it from its first message to its last. bad_signature: wrong_integrity when
// there was a signature and is a MAC, or the other way round; else bad_message_check.
pki::Status check_originator(const Transaction& transaction, const CmpTurn& turn);
// recipNonce is the senderNonce of the last answer (RFC 9810 5.1.1): malformed
// (bad_recipient_nonce).
pki::Status check_nonce(const Transaction& transaction, const CmpTurn& turn);

pki::Error transaction_in_use();   // conflict (transaction_id_in_use)
pki::Error no_such_transaction();  // not_found (bad_request)

// Messages of one transaction go one after the other, whoever works on them: from reading what
// the store has until the change is committed. For one thread.
class TransactionQueue {
   public:
    // True: it is the caller's until leave(). Else `again` runs after that, and has to enter()
    // anew.
    bool enter(const pki::ossl::Sha256& key, std::function<void()> again);
    void leave(const pki::ossl::Sha256& key);

   private:
    std::map<pki::ossl::Sha256, std::vector<std::function<void()>>> held_;
};

}  // namespace signerd
