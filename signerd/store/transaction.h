// What is kept of the transactions of CMP (RFC 9810 5.1.1).
#pragma once

#include <optional>
#include <string>

#include "libpki/ossl/digest.h"
#include "libpki/wire/messages.h"

namespace signerd {

// The numbers are in the database.
enum class TransactionState : std::uint8_t {
    waiting = 0,      // a person decides about its request
    ready = 1,        // he has: there is a certificate, which nobody has fetched
    unconfirmed = 2,  // the client has it and has to confirm
    confirmed = 3,
    rejected = 4,  // the client does not want what it got
    lapsed = 5,    // it has said nothing in time
    closed = 6,    // over with its first answer: nothing to confirm
};

// Does it wait for the client, who loses his certificate when he does not come?
constexpr bool is_due(TransactionState state) {
    return state == TransactionState::ready || state == TransactionState::unconfirmed;
}

struct Transaction {
    pki::ossl::Sha256 key{};         // of tenant, profile, protocol and transactionID
    pki::ossl::Sha256 opened_by{};   // SHA-256 of the message that opened it
    pki::ossl::Sha256 originator{};  // of who sent that
    pki::wire::Credential credential = pki::wire::Credential::none;  // his: certificate or mac
    pki::Buffer first_nonce;           // senderNonce of the answer to it
    pki::ossl::Sha256 last_message{};  // the last one that was answered; else opened_by
    pki::Buffer last_nonce;            // senderNonce of that answer
    TransactionState state = TransactionState::closed;
    bool implicit_confirm = false;  // granted
    std::int64_t cert_req_id = 0;   // -1: p10cr
    // Set by the store, from the certificate that was committed with it; empty: none.
    std::string ca = {}, serial = {};
    std::int64_t confirm_by = 0;  // seconds since 1970; 0: there is nothing to confirm
    // Until then the transactionID is taken, and longer while it is_due().
    std::int64_t expires = 0;

    // Its time to be fetched or confirmed has passed.
    bool late(std::int64_t now) const { return is_due(state) && confirm_by < now; }
    bool over(std::int64_t now) const { return expires <= now && !is_due(state); }
};

// The answer to a message of a transaction.
struct Answered {
    pki::ossl::Sha256 message{};
    pki::Buffer nonce;
};

// Of one that is in the store. It gets the certificate of the same decision, if that has one.
struct TransactionChange {
    pki::ossl::Sha256 key{};
    // Another one than `from` is internal. When both are the same the state is neither looked
    // at nor changed.
    TransactionState from = TransactionState::closed;
    TransactionState to = TransactionState::closed;
    std::optional<Answered> answered = {};
    std::optional<std::int64_t> confirm_by = {};
    std::optional<std::int64_t> expires = {};
};

}  // namespace signerd
