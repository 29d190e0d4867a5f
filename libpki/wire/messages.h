// The messages. Decoded ones hold views into the frame.
//
// Each has kKind, visit(visitor, message) and is written by encode() and read by decode().
// decode() checks bounds and enumerations and takes one encoding of a message only; whether
// a value makes sense is the receiver's. A sender of lists keeps their sum within
// limits::kFrame (kFieldOverhead bytes each beside the value): encode() refuses more.
#pragma once

#include "libpki/wire/fields.h"

namespace pki::wire {

enum class Protocol : std::uint8_t { none = 0, est = 1, scep = 2, cmp = 3, enroll = 4 };
// Requests to issue are `enroll` or `renew`; the others are in audit records only.
enum class Operation : std::uint8_t {
    none = 0,
    enroll = 1,
    renew = 2,
    revoke = 3,
    release = 4,    // from certificateHold
    crl = 5,        // a CRL was signed
    responder = 6,  // the certificate of an OCSP responder
    challenge = 7,  // a challengePassword was made for somebody
    ra = 8,         // the certificate of a registration authority
    confirm = 9,    // a client confirms the certificate that it got, or asks for it again
    token = 10,     // a token was made or revoked
};
// `unproven` is a name that somebody gave and did not prove to be his; in reports and audit
// records only.
// `challenge` is what signerd found the challengePassword to be; in its records only.
enum class Credential : std::uint8_t {
    none = 0,
    basic = 1,
    certificate = 2,
    unproven = 3,
    challenge = 4,
    mac = 5,    // the reference of a shared secret
    token = 6,  // signerd knows it, and its name
};

// How the request for a certificate is written.
enum class RequestForm : std::uint8_t { pkcs10 = 0, crmf = 1 };

std::string_view name(Protocol protocol);
std::string_view name(Operation operation);
std::string_view name(Credential credential);

struct IssueRequest {
    static constexpr Kind kKind = Kind::issue_request;

    std::string_view profile;
    Protocol protocol = Protocol::none;
    Operation operation = Operation::none;
    Bytes csr;                         // DER: PKCS#10, or CertReqMsg with RequestForm::crmf
    bool possession_verified = false;  // the worker checked the CSR's signature
    Credential credential = Credential::none;
    std::string_view credential_name;  // user name, or the certificate's subject
    Bytes client_certificate;          // DER, with Credential::certificate
    std::string_view client_address;
    std::string_view idempotency_key;      // empty: signerd derives one from the CSR
    std::uint32_t idempotency_window = 0;  // seconds; 0: as the profile says
    std::string_view transaction;          // for logs and the audit record
    bool want_chain = false;
    // DER of the certificate that signed the message around the CSR, which the worker has
    // verified: a renewal's proof of identity (RFC 8894 2.3). Empty: none but one that the
    // client made itself.
    Bytes signer_certificate;
    RequestForm form = RequestForm::pkcs10;
    // Of CMP (transaction.h); empty with other protocols. The originator says who asks: none of
    // the credential's fields above is set then, nor signer_certificate.
    Bytes turn;
    Bytes originator;
    bool implicit_confirm = false;  // the client wants to send no certConf
    // SHA-256 of a token that the client brought, 32 octets; empty: none. Signerd knows what it
    // is good for. With it `credential` is none, or what the client proved beside it.
    Bytes token_sha256;
    bool single_use = false;  // no other token will do than one that is good once
    // The key is made here and returned: that of the CSR is not certified, its signature proves
    // nothing (RFC 7030 4.4.1).
    bool make_key = false;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.profile, limits::kProfileName);
        v.number(2, m.protocol, Protocol::none, Protocol::enroll);
        v.number(3, m.operation, Operation::none, Operation::renew);
        v.bytes(4, m.csr, limits::kCsr);
        v.flag(5, m.possession_verified);
        v.number(6, m.credential, Credential::none, Credential::certificate);
        v.text(7, m.credential_name, limits::kCredentialName);
        v.bytes(8, m.client_certificate, limits::kCertificate);
        v.text(9, m.client_address, limits::kAddress);
        v.text(10, m.idempotency_key, limits::kIdempotencyKey);
        v.number(11, m.idempotency_window);
        v.text(12, m.transaction, limits::kTransaction);
        v.flag(13, m.want_chain);
        v.bytes(14, m.signer_certificate, limits::kCertificate);
        v.number(15, m.form, RequestForm::pkcs10, RequestForm::crmf);
        v.bytes(16, m.turn, limits::kTurn);
        v.bytes(17, m.originator, limits::kOriginator);
        v.flag(18, m.implicit_confirm);
        v.bytes(19, m.token_sha256, limits::kTokenHash);
        v.flag(20, m.single_use);
        v.flag(21, m.make_key);
    }
};

struct IssueReply {
    static constexpr Kind kKind = Kind::issue_reply;

    Bytes certificate;         // DER
    bool replayed = false;     // the stored answer to an earlier, equal request
    std::vector<Bytes> chain;  // issuing CA first; only when asked for
    Bytes sender_nonce;        // of CMP: for the answer
    // Of CMP: until when the client has to confirm, seconds since 1970; 0: it need not.
    std::int64_t confirm_until = 0;
    bool modified = false;  // the certificate is not all that was asked for
    // PKCS#8, when the key was made for the client. It is nowhere else: whoever holds this
    // message wipes it.
    Bytes private_key;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.bytes(1, m.certificate, limits::kCertificate);
        v.flag(2, m.replayed);
        v.list(3, m.chain, limits::kCertificate, limits::kChain);
        v.bytes(4, m.sender_nonce, limits::kCmpNonce);
        v.number(5, m.confirm_until);
        v.flag(6, m.modified);
        v.bytes(7, m.private_key, limits::kPrivateKey);
    }
};

struct ErrorReply {
    static constexpr Kind kKind = Kind::error_reply;

    Errc code = Errc::internal;
    std::string_view text;  // one line for the client; uniform where !client_visible(code)
    std::uint32_t retry_after = 0;  // seconds, with retryable codes
    Reason reason = Reason::none;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.code, Errc::malformed, Errc::internal);
        v.text(2, m.text, limits::kErrorText);
        v.number(3, m.retry_after);
        v.number(4, m.reason, Reason::none, kLastReason);
    }
};

struct CaCertsRequest {
    static constexpr Kind kKind = Kind::ca_certs_request;

    std::string_view profile;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.profile, limits::kProfileName);
    }
};

struct CaCertsReply {
    static constexpr Kind kKind = Kind::ca_certs_reply;

    std::vector<Bytes> certificates;  // issuing CA first, upwards; then those of a rollover

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.list(1, m.certificates, limits::kCertificate, limits::kChain);
    }
};

// Admin requests: the answers are JSON text, made for signerctl to print.
struct StatusRequest {
    static constexpr Kind kKind = Kind::status_request;
    template <class V, class M>
    static void visit(V&, M&) {}
};

struct CertListRequest {
    static constexpr Kind kKind = Kind::cert_list_request;

    std::string_view profile;  // empty: any
    std::string_view subject;  // a substring of the subject; empty: any
    std::uint64_t after = 0;   // cursor: row id of the last one seen
    std::uint32_t limit = 0;   // rows, 0: as many as fit in one answer

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.profile, limits::kProfileName);
        v.text(2, m.subject, limits::kCredentialName);
        v.number(3, m.after);
        v.number(4, m.limit);
    }
};

struct CertShowRequest {
    static constexpr Kind kKind = Kind::cert_show_request;

    std::string_view serial;  // lower-case hex

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.serial, 40);
    }
};

struct JsonReply {
    static constexpr Kind kKind = Kind::json_reply;

    Bytes json;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.bytes(1, m.json, limits::kAdminText);
    }
};

struct AuditPageRequest {
    static constexpr Kind kKind = Kind::audit_page_request;

    std::uint64_t after = 0;  // sequence number of the last row seen; 0: from the start
    std::uint32_t limit = 0;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.after);
        v.number(2, m.limit);
    }
};

struct AuditPageReply {
    static constexpr Kind kKind = Kind::audit_page_reply;

    std::vector<Bytes> rows;    // canonical rows, audit_row.h
    std::vector<Bytes> hashes;  // the stored chain hash of each; as many, which the receiver
                                // checks

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.list(1, m.rows, 16 * 1024, 1000);
        v.list(2, m.hashes, 32, 1000);
    }
};

template <class M>
Result<Buffer> encode(const M& message, std::uint64_t id) {
    FieldWriter writer(M::kKind, id);
    M::visit(writer, message);
    return std::move(writer).finish();
}

template <class M>
Result<M> decode(const Frame& frame) {
    if (frame.header.kind != M::kKind) return fail(Errc::malformed, "wire: unexpected kind");
    M message;
    FieldReader reader(frame.fields);
    M::visit(reader, message);
    PKI_CHECK(reader.finish());
    return message;
}

}  // namespace pki::wire
