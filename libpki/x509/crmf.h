// Certificate requests of CRMF (RFC 4211), read in place: what CMP and CMC carry beside
// PKCS#10.
#pragma once

#include <optional>
#include <vector>

#include "libpki/x509/csr.h"

namespace pki::x509 {

enum class Possession : std::uint8_t {
    none,         // no popo: only where the key is to be made for the client
    ra_verified,  // an RA says that it has seen one (RFC 4211 4)
    signature,
    unsupported,  // encrypted certificates, challenges, key agreement
};

// CertId or OldCertId (RFC 4211 6.5).
struct CertId {
    Bytes issuer;  // Name; empty when the GeneralName is of another kind
    Bytes serial;  // INTEGER content
};

struct CertRequest {
    Bytes encoding;       // CertReqMsg
    Bytes cert_request;   // CertRequest: what the signature covers
    std::int64_t id = 0;  // certReqId; -1 is p10cr's and is malformed here

    // The CertTemplate, in the terms of a PKCS#10, so that the rules of a profile apply to
    // both. encoding is the CertReqMsg. Without a public key the spki's encoding is empty;
    // subject is an empty name when absent. No challenge password, no attribute types.
    Csr csr;
    // What the template asks for and a CA decides itself is read and not kept: version,
    // serialNumber, signingAlg, issuer (`issuer` below), unique identifiers are malformed or
    // ignored as RFC 4211 5 says; validity is `not_before`, `not_after`, 0 when absent.
    Bytes issuer;  // Name
    Bytes serial;  // INTEGER content: in a revocation request
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    // Without a key: the algorithm that is wanted, from publicKey with an empty BIT STRING or
    // an AlgId control (RFC 9483 4.1.6); AlgorithmIdentifier, or empty: the profile's first.
    Bytes wanted_algorithm;
    std::uint64_t wanted_rsa_bits = 0;  // from the RsaKeyLen control

    Possession possession = Possession::none;
    Bytes pop_algorithm;  // AlgorithmIdentifier, with `signature`
    Bytes pop_signature;
    // POPOSigningKeyInput, when the template lacks subject or key (RFC 4211 4.1 (3)); it is
    // accepted only when it repeats what the template has.
    Bytes pop_input;

    std::optional<CertId> old_cert_id;  // control
    std::optional<Bytes> reg_token;     // controls that we read: content of the UTF8Strings
    std::optional<Bytes> authenticator;
    std::vector<Bytes> controls;  // types of all
};

// From a CertReqMsg. malformed, unsupported, weak_key as for a PKCS#10. Not checked:
// possession.
Result<CertRequest> parse_cert_request(Bytes cert_req_msg);

// From CertReqMessages: at most `most`. malformed when there are more, or none.
Result<std::vector<CertRequest>> parse_cert_requests(Bytes cert_req_messages, std::size_t most);

// CertTemplate alone, as revocation requests have it: fills issuer, serial and csr of a
// request.
Result<CertRequest> parse_cert_template(Bytes cert_template);

// RFC 4211 4.1: bad_signature with Reason::bad_pop, also for none, for unsupported ways, and
// for ra_verified, which is no proof to us: whether an RA may say so is the caller's matter.
Status verify_possession(const CertRequest& request);

// What a client writes: CertReqMsg.
struct CertRequestSpec {
    std::int64_t id = 0;
    Bytes subject;     // Name; empty: none
    Bytes public_key;  // SubjectPublicKeyInfo; empty: the key is to be made for us
    Bytes algorithm;   // then: AlgorithmIdentifier that is wanted; empty: none named
    Bytes extensions;  // SEQUENCE OF Extension; empty: none
    const CertId* old_cert_id = nullptr;
    EVP_PKEY* key = nullptr;   // signs the proof; nullptr: none
    bool ra_verified = false;  // in the place of a proof
};
Result<Buffer> build_cert_request(const CertRequestSpec& spec);
// CertReqMessages of these.
Buffer build_cert_requests(const std::vector<Bytes>& messages);

}  // namespace pki::x509
