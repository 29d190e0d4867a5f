// What the parts of Confirmer have in common.
#pragma once

#include <optional>

#include "libpki/wire/pending.h"
#include "signerd/confirm.h"

namespace signerd {

struct ConfirmJob {
    std::shared_ptr<const Generation> generation;
    const Peer* peer = nullptr;
    ReplyTo to;
    std::int64_t received = 0;  // microseconds since 1970

    pki::Buffer fields;                                // what the views of the two look into
    std::optional<pki::wire::ConfirmRequest> confirm;  // one of them
    std::optional<pki::wire::PollRequest> poll;

    const Profile* profile = nullptr;
    CmpTurn turn;
    pki::ossl::Sha256 key{};
    bool entered = false;  // its transaction waits for it
    Transaction transaction;
    CertificateRecord certificate;

    Decided decided;        // the writer reads it until it has committed
    bool replayed = false;  // nothing is to be committed
    pki::Buffer answer;     // a frame, for when it is durable

    std::int64_t now() const { return received / kMicroseconds; }
    // Of the answer: the one of this message, or of its first answer.
    pki::Bytes nonce() const {
        return replayed ? pki::Bytes(transaction.last_nonce)
                        : pki::Bytes(turn.turn.sender_nonce);
    }
};

}  // namespace signerd
