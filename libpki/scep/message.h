// SCEP messages as a server reads them: SignedData over EnvelopedData (RFC 8894 3.2).
#pragma once

#include <optional>
#include <string>

#include "libpki/cms/enveloped_data.h"
#include "libpki/cms/signed_data.h"
#include "libpki/scep/signer.h"

namespace pki::scep {

// RFC 8894 3.2.1.2; 20 was called GetCertInitial in drafts.
enum class MessageType : std::uint8_t {
    cert_rep = 3,
    renewal_req = 17,
    pkcs_req = 19,
    cert_poll = 20,
    get_cert = 21,
    get_crl = 22,
};
// "PKCSReq" and the like, as the RFC writes them.
std::string_view name(MessageType type);

// Views into the DER given, but for `envelope`, which looks into `envelope_der`. A Request can
// be moved and not copied.
struct Request {
    Request() = default;
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    Request(Request&&) = default;
    Request& operator=(Request&&) = default;

    MessageType type = MessageType::pkcs_req;
    Bytes transaction_id;              // content of the string, 1 to limits::kScepTransaction
    std::uint8_t transaction_tag = 0;  // its string type as sent
    Bytes sender_nonce;                // 8 to limits::kScepNonce octets
    ossl::Hash digest = ossl::Hash::none;
    cms::SignedData signed_data;
    x509::Certificate signer;  // what the SignerInfo names; read by parse_signer()

    // One of these after verify_request(): the content is a PKCS#10 and no envelope, or it is
    // sealed. Before it, `content_error` says why there is neither.
    bool lightweight = false;
    std::optional<cms::EnvelopedData> envelope;
    Buffer envelope_der;
    std::optional<Error> content_error;
};

// From DER lengths: the caller has applied cms::der_from_ber() to what came, with
// limits::kScepMessage. The envelope, which is signed as octets, may still be BER.
// malformed when no CertRep can answer it: no CMS that we read, no type of request that we
// know, no transactionID, no senderNonce, no signer certificate. The attributes may stand in
// any order. Not checked: every signature, and what is inside.
Result<Request> parse_request(Bytes der);

// What a server accepts beyond SHA-2 and AES.
struct Rules {
    cms::HashRules hashes = {};
    cms::CipherRules ciphers = {};
    bool lightweight = false;  // a PKCSReq or RenewalReq without an envelope
};
// The signature first, everything else after it. bad_signature; unsupported: a digest or a
// cipher; denied: no envelope where the rules want one; malformed: the content.
Status verify_request(const Request& request, const Rules& rules);

// For logs and records: the transactionID as it is when it is printable ASCII of at most
// limits::kTransaction characters, else "sha256:" and the hexadecimal of its digest.
std::string transaction_text(const Request& request);
// Hexadecimal SHA-256 of the transactionID.
std::string transaction_key(const Request& request);

}  // namespace pki::scep
