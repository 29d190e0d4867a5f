// Transactions of CMP: what ties their messages together is kept by signerd, so that any worker
// can take the next message.
#pragma once

#include "libpki/wire/messages.h"

namespace pki::wire {

// Of each message that belongs to a transaction; in the `turn` of the request that carries it.
struct Turn {
    Bytes transaction_id;  // as in the header
    Bytes message_sha256;  // of the whole PKIMessage
    Bytes recip_nonce;     // the client's; empty: none
    // Ours, fresh, for the answer. The answer to a message that was answered before has the one
    // that went out then.
    Bytes sender_nonce;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.bytes(1, m.transaction_id, limits::kCmpTransaction);
        v.bytes(2, m.message_sha256, 32);
        v.bytes(3, m.recip_nonce, limits::kCmpNonce);
        v.bytes(4, m.sender_nonce, limits::kCmpNonce);
    }
};
Result<Buffer> encode_turn(const Turn& turn);
Result<Turn> decode_turn(Bytes fields);

// Who sent the message: one and the same in all messages of a transaction. With a signature
// `signer_certificate`, else Credential::mac and the reference of the secret.
struct Originator {
    Credential credential = Credential::none;
    std::string_view name;     // the reference, as text; or the certificate's subject
    Bytes signer_certificate;  // DER
    // The worker has checked that it is an RA that may speak for others: by its certificate's
    // purpose and where it chains to.
    bool ra = false;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.credential, Credential::none, Credential::mac);
        v.text(2, m.name, limits::kCredentialName);
        v.bytes(3, m.signer_certificate, limits::kCertificate);
        v.flag(4, m.ra);
    }
};
Result<Buffer> encode_originator(const Originator& originator);
Result<Originator> decode_originator(Bytes fields);

// Of a message that names no profile, though the first of its transaction may have: those that
// its location has for others. Each of them is a look into the store, of a client that has
// proven who it is.
constexpr std::size_t kOtherProfiles = 64;

// certConf (RFC 9810 5.3.18). Answered with a TransactionReply. bad_cert_id, bad_request,
// cert_confirmed, bad_recipient_nonce, wrong_integrity (another originator) are the reasons of
// a refusal; not_found (bad_request) when there is no such transaction.
struct ConfirmRequest {
    static constexpr Kind kKind = Kind::confirm_request;

    std::string_view profile;
    Bytes turn;
    Bytes originator;
    std::string_view client_address;
    std::string_view transaction;  // for logs and the audit record
    // Of the one CertStatus; without one (`empty`) the client rejects what it got.
    bool empty = false;
    std::int64_t cert_req_id = 0;  // -1 for p10cr
    Bytes cert_hash;
    std::uint8_t hash = 0;  // ossl::Hash of hashAlg; 0: that of the certificate's signature
    bool accepted = false;
    std::string_view reason;  // of a rejection, the client's words; may be empty
    // The transaction is one of `profile`, or else of one of these: names.
    std::vector<Bytes> other_profiles;
    // No certConf: the client says with an error message that it gives the transaction up.
    bool gave_up = false;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.profile, limits::kProfileName);
        v.bytes(2, m.turn, limits::kTurn);
        v.bytes(3, m.originator, limits::kOriginator);
        v.text(4, m.client_address, limits::kAddress);
        v.text(5, m.transaction, limits::kTransaction);
        v.flag(6, m.empty);
        v.number(7, m.cert_req_id);
        v.bytes(8, m.cert_hash, 64);
        v.number(9, m.hash);
        v.flag(10, m.accepted);
        v.text(11, m.reason, limits::kReportDetail);
        v.list(12, m.other_profiles, limits::kProfileName, kOtherProfiles);
        v.flag(13, m.gave_up);
    }
};

struct TransactionReply {
    static constexpr Kind kKind = Kind::transaction_reply;

    Bytes sender_nonce;     // for the answer
    bool replayed = false;  // the message was answered before

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.bytes(1, m.sender_nonce, limits::kCmpNonce);
        v.flag(2, m.replayed);
    }
};

// rr (RFC 9483 4.2): by the certificate's owner, who signs with it, or by an RA. Answered with
// a TransactionReply. Reasons: bad_cert_id (no certificate of ours, or not this owner's),
// cert_revoked, bad_request.
struct CmpRevokeRequest {
    static constexpr Kind kKind = Kind::cmp_revoke_request;

    std::string_view profile;
    Bytes turn;
    Bytes originator;
    std::string_view client_address;
    std::string_view transaction;
    Bytes issuer;             // Name
    Bytes serial;             // magnitude
    std::uint8_t reason = 0;  // CRLReason; not with release
    bool release = false;     // from certificateHold

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.profile, limits::kProfileName);
        v.bytes(2, m.turn, limits::kTurn);
        v.bytes(3, m.originator, limits::kOriginator);
        v.text(4, m.client_address, limits::kAddress);
        v.text(5, m.transaction, limits::kTransaction);
        v.bytes(6, m.issuer, limits::kName);
        v.bytes(7, m.serial, limits::kSerial);
        v.number(8, m.reason);
        v.flag(9, m.release);
    }
};

// What a request by this profile has to look like.
struct TemplateRequest {
    static constexpr Kind kKind = Kind::template_request;

    std::string_view profile;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.profile, limits::kProfileName);
    }
};

struct TemplateReply {
    static constexpr Kind kKind = Kind::template_reply;

    Bytes cert_req_template;          // CertReqTemplateContent
    std::vector<Bytes> signing_keys;  // AlgorithmIdentifiers of keys that it takes
    std::vector<Bytes> encryption_keys;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.bytes(1, m.cert_req_template, limits::kCertificate);
        v.list(2, m.signing_keys, 256, limits::kKeyRules);
        v.list(3, m.encryption_keys, 256, limits::kKeyRules);
    }
};

// The root that takes the place of a root of the profile's tenant (RFC 9810 5.3.19.15).
// not_found when nothing does, or the root is not one of ours.
struct RootUpdateRequest {
    static constexpr Kind kKind = Kind::root_update_request;

    std::string_view profile;
    Bytes root;  // certificate; empty: that of the profile's CA

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.profile, limits::kProfileName);
        v.bytes(2, m.root, limits::kCertificate);
    }
};

struct RootUpdateReply {
    static constexpr Kind kKind = Kind::root_update_reply;

    Bytes new_with_new;
    Bytes new_with_old;  // empty: none; as the next
    Bytes old_with_new;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.bytes(1, m.new_with_new, limits::kCertificate);
        v.bytes(2, m.new_with_old, limits::kCertificate);
        v.bytes(3, m.old_with_new, limits::kCertificate);
    }
};

}  // namespace pki::wire
