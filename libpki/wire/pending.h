// Requests that wait for a person ("approval": "manual"): what the client hears, how it asks
// again, and how the person sees and decides them.
#pragma once

#include "libpki/wire/transaction.h"

namespace pki::wire {

// In the place of an IssueReply: known, not decided.
struct PendingReply {
    static constexpr Kind kKind = Kind::pending_reply;

    std::uint64_t request = 0;      // its number, as in `signerctl request list`
    std::uint32_t retry_after = 0;  // seconds
    Bytes sender_nonce = {};        // of CMP: for the answer

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.request);
        v.number(2, m.retry_after);
        v.bytes(3, m.sender_nonce, limits::kCmpNonce);
    }
};

// What became of a request of the same profile, protocol and idempotency key, made with the
// same public key. Answered with an IssueReply, a PendingReply, or an error: not_found, or that
// of the refusal. Only an IssueRequest that was accepted with such a key is found.
struct PollRequest {
    static constexpr Kind kKind = Kind::poll_request;

    std::string_view profile;
    Protocol protocol = Protocol::none;
    std::string_view idempotency_key;
    Bytes spki_sha256;         // of the SubjectPublicKeyInfo that the client has proven to hold
    Bytes client_certificate;  // as in the IssueRequest
    std::string_view client_address;
    std::string_view transaction;  // for logs and the audit record
    bool want_chain = false;
    // As in the IssueRequest: of a renewal, whose request need not have the key of its signer.
    // With it spki_sha256 is not looked at.
    Bytes signer_certificate;
    std::uint32_t idempotency_window = 0;  // as in the IssueRequest
    // Of CMP, as in the IssueRequest: the transaction and who asks are all that it needs.
    Bytes turn;
    Bytes originator;
    std::int64_t cert_req_id = 0;
    std::vector<Bytes> other_profiles;  // as in the ConfirmRequest

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.profile, limits::kProfileName);
        v.number(2, m.protocol, Protocol::none, Protocol::enroll);
        v.text(3, m.idempotency_key, limits::kIdempotencyKey);
        v.bytes(4, m.spki_sha256, 32);
        v.bytes(5, m.client_certificate, limits::kCertificate);
        v.text(6, m.client_address, limits::kAddress);
        v.text(7, m.transaction, limits::kTransaction);
        v.flag(8, m.want_chain);
        v.bytes(9, m.signer_certificate, limits::kCertificate);
        v.number(10, m.idempotency_window);
        v.bytes(11, m.turn, limits::kTurn);
        v.bytes(12, m.originator, limits::kOriginator);
        v.number(13, m.cert_req_id);
        v.list(14, m.other_profiles, limits::kProfileName, kOtherProfiles);
    }
};

// The answer is JSON: {"requests": [...], "after": ID}.
struct RequestListRequest {
    static constexpr Kind kKind = Kind::request_list_request;

    std::string_view profile;  // empty: any
    bool all = false;          // those that are decided or have expired too
    std::uint64_t after = 0;   // cursor: number of the last one seen
    std::uint32_t limit = 0;   // 0: as many as fit in one answer

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.profile, limits::kProfileName);
        v.flag(2, m.all);
        v.number(3, m.after);
        v.number(4, m.limit);
    }
};

// Approving issues the certificate. The answer is JSON: the request as it is now.
struct RequestDecideRequest {
    static constexpr Kind kKind = Kind::request_decide_request;

    std::uint64_t request = 0;
    bool approve = false;
    std::string_view reason;  // of a denial, for the audit record; may be empty

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.request);
        v.flag(2, m.approve);
        v.text(3, m.reason, limits::kReportDetail);
    }
};

}  // namespace pki::wire
