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
// A serial number that no certificate can have (RFC 5280 4.1.2.2) is malformed with
// Reason::bad_cert_id.
Result<CertId> parse_cert_id(Bytes encoding);
void write_cert_id(der::Writer& writer, const CertId& id);

// Views into the bytes given, but for csr.spki, csr.extensions and csr.san: the template tags
// key and extensions implicitly, so these look into copies with the tag of a SEQUENCE. It can
// be moved and not copied.
struct CertRequest {
    CertRequest() = default;
    CertRequest(const CertRequest&) = delete;
    CertRequest& operator=(const CertRequest&) = delete;
    CertRequest(CertRequest&&) = default;
    CertRequest& operator=(CertRequest&&) = default;

    Bytes encoding;       // CertReqMsg
    Bytes cert_request;   // CertRequest: what the signature covers
    std::int64_t id = 0;  // certReqId; -1 is p10cr's and is malformed here

    // The CertTemplate, in the terms of a PKCS#10, so that the rules of a profile apply to
    // both. encoding is the CertReqMsg. Without a public key the spki's encoding is empty;
    // subject is an empty name when absent. No challenge password, no attribute types; info
    // and signature are empty, so that verify_possession(Csr) proves nothing.
    Csr csr;
    Buffer spki_der;
    Buffer extensions_der;
    // What a CA decides itself: RFC 4211 5 wants version to be 2, and serialNumber, signingAlg
    // and unique identifiers absent; they are malformed with Reason::bad_cert_template in a
    // request. The times are 0 when absent.
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
    // POPOSigningKeyInput with its tag [0], or empty. It is a proof only when it repeats
    // subject and key of the template.
    Bytes pop_input;

    std::optional<CertId> old_cert_id;  // control
    std::optional<Bytes> reg_token;     // controls that we read: content of the UTF8Strings
    std::optional<Bytes> authenticator;
    std::vector<Bytes> controls;  // types of all
};

// From a CertReqMsg, at most limits::kCsr. malformed, unsupported, weak_key as for a PKCS#10; a
// control twice is malformed. Not checked: possession, and whether there is a subject or a key.
Result<CertRequest> parse_cert_request(Bytes cert_req_msg);

// From CertReqMessages: at most `most`. malformed when there are more, or none.
Result<std::vector<CertRequest>> parse_cert_requests(Bytes cert_req_messages, std::size_t most);

// CertTemplate alone, as revocation requests have it: fills issuer, serial, the times and csr
// of a request. It describes a certificate, so all that one has may be there.
Result<CertRequest> parse_cert_template(Bytes cert_template);

// RFC 4211 4.1: bad_signature with Reason::bad_pop, also for none, for unsupported ways, and
// for ra_verified, which is no proof to us: whether an RA may say so is the caller's matter.
// unsupported with Reason::bad_alg for SHA-1 and for algorithms that we do not have.
Status verify_possession(const CertRequest& request);

// What a client writes: CertReqMsg.
struct CertRequestSpec {
    std::int64_t id = 0;
    Bytes subject = {};     // Name; empty: none
    Bytes public_key = {};  // SubjectPublicKeyInfo; empty: the key is to be made for us
    Bytes algorithm = {};   // then: AlgorithmIdentifier that is wanted; empty: none named
    Bytes extensions = {};  // SEQUENCE OF Extension; empty: none
    const CertId* old_cert_id = nullptr;
    EVP_PKEY* key = nullptr;   // signs the proof; nullptr: none
    bool ra_verified = false;  // in the place of a proof
};
Result<Buffer> build_cert_request(const CertRequestSpec& spec);
// CertReqMessages of these.
Buffer build_cert_requests(const std::vector<Bytes>& messages);

}  // namespace pki::x509
