// The client's side of SCEP, all but the transport: for the tools and the tests.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "libpki/scep/message.h"
#include "libpki/scep/status.h"

namespace pki::scep {

struct RequestSpec {
    MessageType type = MessageType::pkcs_req;
    std::string_view transaction_id;  // PrintableString
    Bytes sender_nonce;               // 16 octets, RFC 8894 3.2.1.5
    EVP_PKEY* key = nullptr;
    Bytes signer_certificate;  // of that key
    ossl::Hash digest = ossl::Hash::sha256;
    // What seals the content: the recipient's RSA key, or the password where it is not empty.
    ossl::Cipher cipher = ossl::Cipher::aes128;
    Bytes recipient_certificate;
    ossl::RsaPadding padding = {};
    Bytes password = {};
    Bytes content;             // a CSR, an IssuerAndSubject, an IssuerAndSerialNumber
    bool lightweight = false;  // the content goes without an envelope
};
Result<Buffer> build_request(const RequestSpec& spec);

// What the answer has to match.
struct ResponseRules {
    std::string_view transaction_id = {};
    Bytes sender_nonce = {};  // of the request
    cms::HashRules hashes = {};
    cms::CipherRules ciphers = {};
};

struct Response {
    PkiStatus status = PkiStatus::failure;
    std::optional<FailInfo> fail_info;  // with failure
    std::string fail_text;              // bytes of the peer, perhaps none
    Buffer sender_nonce;
    // With success, out of the degenerate SignedData; at most limits::kChain.
    std::vector<Buffer> certificates;
    std::vector<Buffer> crls;
};

// A CertRep, in DER or BER. The signature first, by the key of the RA or CA certificate that
// the caller trusts, whatever certificates the message has. bad_signature: also when
// transactionID or recipientNonce are not those of the request, or the envelope does not open;
// malformed; unsupported.
Result<Response> read_response(Bytes message, const x509::Certificate& ra,
                               std::span<const cms::RecipientKey> own,
                               std::span<const Secret> passwords, const ResponseRules& rules);

// A certificate for the signature of an initial request (RFC 8894 2.3), with a random serial
// number. `subject` is a Name.
Result<Buffer> build_self_signed(EVP_PKEY* key, Bytes subject, std::int64_t not_before,
                                 std::int64_t not_after);

// The certificates of a GetNextCACert, whose signature the current CA or RA has made.
Result<std::vector<Buffer>> read_next_ca(Bytes message, const x509::Certificate& ra,
                                         const cms::HashRules& hashes);

}  // namespace pki::scep
