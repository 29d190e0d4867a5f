#include "signerd/transaction.h"

#include <algorithm>
#include <utility>

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Bytes;
using pki::Errc;
using pki::fail;
using pki::Reason;
using pki::ossl::Sha256;

namespace {

constexpr std::size_t kLeastNonce = 16;  // octets (RFC 9483 3.1)

// Each part with its length, so that no two lists of parts run together.
class PartHash {
   public:
    PartHash& add(Bytes part) {
        const auto size = static_cast<std::uint32_t>(part.size());
        for (const int shift : {24, 16, 8, 0})
            parts_.push_back(static_cast<std::uint8_t>(size >> shift));
        pki::append(parts_, part);
        return *this;
    }
    PartHash& add(std::uint8_t octet) { return add(Bytes(&octet, 1)); }
    Sha256 take() const { return pki::ossl::sha256(parts_); }

   private:
    pki::Buffer parts_;
};

// A signature has a certificate, a MAC the reference of its secret.
pki::Status check_originator_fields(const wire::Originator& originator) {
    const bool certified = !originator.signer_certificate.empty();
    switch (originator.credential) {
        case wire::Credential::certificate:
            if (certified) return {};
            break;
        case wire::Credential::mac:
            if (!certified && !originator.ra && !originator.name.empty()) return {};
            break;
        default: break;
    }
    return fail(Errc::malformed, "transaction: the parts of the originator do not fit");
}

pki::Status check_turn(const wire::Turn& turn) {
    if (turn.transaction_id.empty())
        return fail(Errc::malformed, "transaction: transaction_id missing");
    if (turn.message_sha256.size() != sizeof(Sha256))
        return fail(Errc::malformed, "transaction: message_sha256 is no SHA-256");
    if (turn.sender_nonce.size() < kLeastNonce)
        return fail(Errc::malformed, "transaction: sender_nonce is too short");
    return {};
}

// The name of a certificate is in it. The kind goes in first: no reference is a certificate.
Sha256 hash_of(const wire::Originator& originator) {
    PartHash hash;
    hash.add(static_cast<std::uint8_t>(originator.credential));
    if (originator.credential == wire::Credential::mac)
        return hash.add(pki::as_bytes(originator.name)).take();
    return hash.add(originator.signer_certificate).take();
}

}  // namespace

pki::Result<CmpTurn> read_originator(Bytes originator) {
    CmpTurn read;
    PKI_TRY(read.originator, wire::decode_originator(originator));
    PKI_CHECK(check_originator_fields(read.originator));
    read.sender = hash_of(read.originator);
    if (read.originator.signer_certificate.empty()) return read;
    auto certificate = x509::parse_certificate(read.originator.signer_certificate);
    if (!certificate)
        return fail(Errc::malformed, "transaction: signer_certificate",
                    certificate.error().message());
    read.certificate = *std::move(certificate);
    return read;
}

pki::Result<CmpTurn> read_turn(Bytes turn, Bytes originator) {
    PKI_TRY(CmpTurn read, read_originator(originator));
    PKI_TRY(read.turn, wire::decode_turn(turn));
    PKI_CHECK(check_turn(read.turn));
    std::ranges::copy(read.turn.message_sha256, read.message.begin());
    return read;
}

Sha256 transaction_key(std::string_view tenant, std::string_view profile,
                       Bytes transaction_id) {
    return PartHash()
        .add(pki::as_bytes(tenant))
        .add(pki::as_bytes(profile))
        .add(static_cast<std::uint8_t>(wire::Protocol::cmp))
        .add(transaction_id)
        .take();
}

void identify_by(AuditRecord& record, const CmpTurn& turn) {
    if (turn.certificate) return identify_by(record, *turn.certificate);
    record.credential = turn.originator.credential;
    record.credential_name = turn.originator.name;
    make_fit(record);
}

AuditRecord record_turn(const Occasion& occasion, std::string_view profile,
                        wire::Operation operation, const CmpTurn& turn,
                        std::string_view client_address, std::string_view transaction) {
    AuditRecord record = record_change(occasion, operation, {});
    record.tenant = occasion.tenant;
    record.profile = profile;
    record.protocol = wire::Protocol::cmp;
    record.client_address = client_address;
    record.transaction = transaction;
    identify_by(record, turn);
    return record;
}

pki::Result<std::optional<Transaction>> find_live(Store& store, const Sha256& key,
                                                  std::int64_t now) {
    PKI_TRY(auto found, store.find_transaction(key));
    if (found && found->over(now)) found.reset();
    return found;
}

pki::Result<std::optional<Transaction>> find_opened(Store& store, const Sha256& key,
                                                    const CmpTurn& turn, std::int64_t now) {
    PKI_TRY(auto found, find_live(store, key, now));
    if (found && (found->opened_by != turn.message || found->originator != turn.sender))
        return transaction_in_use();
    return found;
}

Transaction open_transaction(const Sha256& key, const CmpTurn& turn, std::int64_t now) {
    Transaction opened;
    opened.key = key;
    opened.opened_by = opened.last_message = turn.message;
    opened.originator = turn.sender;
    opened.credential = turn.originator.credential;
    opened.first_nonce = opened.last_nonce = pki::to_buffer(turn.turn.sender_nonce);
    opened.expires = now + kTransactionLife;
    return opened;
}

Answered answered_by(const CmpTurn& turn) {
    return {turn.message, pki::to_buffer(turn.turn.sender_nonce)};
}

pki::Status check_originator(const Transaction& transaction, const CmpTurn& turn) {
    if (transaction.credential != turn.originator.credential)
        return fail(Errc::bad_signature, Reason::wrong_integrity,
                    "the transaction has another type of protection");
    if (transaction.originator != turn.sender)
        return fail(Errc::bad_signature, Reason::bad_message_check,
                    "the transaction belongs to somebody else");
    return {};
}

// Who has sent his first message again, since a later answer was lost, has the first one's.
pki::Status check_nonce(const Transaction& transaction, const CmpTurn& turn) {
    const pki::Bytes nonce = turn.turn.recip_nonce;
    if (pki::equal(nonce, transaction.last_nonce) || pki::equal(nonce, transaction.first_nonce))
        return {};
    return fail(Errc::malformed, Reason::bad_recipient_nonce,
                "recipNonce is not the nonce of our last answer");
}

pki::Error transaction_in_use() {
    return fail(Errc::conflict, Reason::transaction_id_in_use,
                "the transaction belongs to another message");
}

pki::Error no_such_transaction() {
    return fail(Errc::not_found, Reason::bad_request, "no such transaction");
}

bool TransactionQueue::enter(const Sha256& key, std::function<void()> again) {
    const auto [held, fresh] = held_.try_emplace(key);
    if (!fresh) held->second.push_back(std::move(again));
    return fresh;
}

void TransactionQueue::leave(const Sha256& key) {
    const auto held = held_.extract(key);
    if (held.empty()) return;
    for (const auto& again : held.mapped()) again();
}

}  // namespace signerd
