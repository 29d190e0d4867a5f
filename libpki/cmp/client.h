// The client's side of CMP, all but the transport: for the tools and the tests.
#pragma once

#include <optional>
#include <vector>

#include "libpki/cmp/certificate.h"
#include "libpki/cmp/general.h"
#include "libpki/cmp/protection.h"
#include "libpki/x509/cert.h"

namespace pki::cmp {

// What the messages of one transaction have in common (RFC 9810 5.1.1).
struct ClientTransaction {
    Buffer id;           // 16 octets
    Buffer nonce;        // senderNonce of the message sent last
    Buffer their_nonce;  // of the answer before it; empty: there was none
};

struct ClientMessage {
    BodyType type = BodyType::ir;
    Bytes body;
    std::int64_t now = 0;  // messageTime; seconds since 1970
    std::uint64_t pvno = 2;
    bool implicit_confirm = false;
    std::string_view cert_profile = {};  // empty: none
    Bytes sender = {};                   // Name, with a MAC; empty: NULL-DN
};

// With a transactionID, when the transaction has none yet, and a new nonce, which are kept in
// it.
Result<Buffer> build_client_message(ClientTransaction& transaction,
                                    const ClientMessage& message, const Protector& protector);

// What the answer has to match.
struct AnswerRules {
    BodyType request = BodyType::ir;  // of the message that it answers
    Bytes transaction_id = {};
    Bytes nonce = {};
    // A message that was protected by a MAC is answered with a MAC by the same secret, and a
    // signed one with a signature (RFC 9483 3.2). Empty: by signature.
    Bytes secret = {};
    MacRules mac = {};
    // The server's certificate where it is known and not in extraCerts; may be empty.
    Bytes server_certificate = {};
};

// Views into the bytes of the answer, and into the rules' server_certificate.
struct Answer {
    Message message;
    // Who signed; whether he is trusted is the caller's matter. Absent: a MAC.
    std::optional<x509::Certificate> signer;
    // An error that nothing protects, or nothing that could be verified: anybody can have sent
    // it. It has no other body.
    bool unverified = false;
};

// Header, then protection. malformed, bad_signature (also an answer to another message),
// unsupported. The body is one that may answer the request, and not read.
Result<Answer> read_answer(Bytes der, const AnswerRules& rules);

// What became of a request for a certificate.
struct CertificateAnswer {
    PkiStatusInfo status;
    std::int64_t check_after = 0;  // seconds, with waiting, of a pollRep
    Buffer certificate;            // there when it was accepted
    Buffer private_key;            // EnvelopedData; empty: none
    std::vector<Buffer> ca_pubs;
    bool accepted() const {
        return status.status == PkiStatus::accepted ||
               status.status == PkiStatus::granted_with_mods;
    }
    bool waiting() const { return status.status == PkiStatus::waiting; }
};
// From ip, cp, kup, pollRep and error. malformed when it is about another certReqId, or says
// that it was accepted and has no certificate.
Result<CertificateAnswer> read_certificate_answer(const Message& message, std::int64_t id);

// The body of the certConf for a certificate. `rejected`: we do not take it.
struct Confirmation {
    Buffer body;
    std::uint64_t pvno = 2;  // 3 where hashAlg is needed (RFC 9810 5.3.18)
};
Result<Confirmation> build_confirmation(const x509::Certificate& certificate, std::int64_t id,
                                        bool rejected);

// The value of the only InfoTypeAndValue of a genp that has one of these types. Empty when it
// has no value; not_found when there is none of these types.
Result<Bytes> read_general_answer(const Message& message, const std::vector<Bytes>& types);

}  // namespace pki::cmp
