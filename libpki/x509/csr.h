// PKCS#10 certification requests (RFC 2986), read in place.
#pragma once

#include <optional>

#include "libpki/x509/extension.h"
#include "libpki/x509/name.h"
#include "libpki/x509/san.h"
#include "libpki/x509/spki.h"

namespace pki::x509 {

struct Csr {
    Bytes encoding;
    Bytes info;  // CertificationRequestInfo: what the signature covers
    Name subject;
    Spki spki;
    Bytes signature_algorithm;  // AlgorithmIdentifier
    Bytes signature;            // content of the BIT STRING
    Extensions extensions;      // requested, from extensionRequest or Microsoft's form
    std::optional<San> san;     // parsed from extensions
    std::optional<Bytes> challenge_password;  // string content, any string type
    std::uint8_t challenge_tag = 0;           // which one: whole_text() reads it
    std::vector<Bytes> attribute_types;       // OID contents, for required-attribute rules
};

// All views look into `der`. malformed, unsupported, weak_key as the parts say; a second
// extensionRequest or challengePassword, or any attribute with no value, is malformed.
// The version must be 0. Attributes other than those above are kept by type only.
// Not checked: the signature (verify_possession), any policy.
Result<Csr> parse_csr(Bytes der);

// RFC 2986 section 4: proof of possession. bad_signature; unsupported for SHA-1 and others.
Status verify_possession(const Csr& csr);

// The request as it may be kept: without its challengePassword, which is a secret. Where there
// is one the signature goes as well, since it is void, and a short password could be guessed
// with its help: verify possession before. Without one: the same bytes.
Result<Buffer> without_challenge_password(const Csr& csr);

// What build_csr writes: for clients, and for the CSR of an issuing CA below an offline root.
// Signed by the default scheme of the key.
struct CsrSpec {
    Bytes subject;                   // Name
    Bytes san;                       // SEQUENCE OF GeneralName, or empty
    std::string challenge_password;  // UTF-8, or empty
};
Result<Buffer> build_csr(const CsrSpec& spec, EVP_PKEY* key);

}  // namespace pki::x509
