// What a PKCS#10 has beside what CsrSpec says: for clients that a server asks for more.
#pragma once

#include "libpki/x509/csr.h"

namespace pki::x509 {

struct CsrParts {
    std::vector<Buffer> extensions;  // Extension, DER; the SAN of the spec is not among them
    std::vector<Buffer> attributes;  // Attribute, DER; challengePassword and extensionRequest
                                     // are not among them
};

// Attribute with one value, DER.
Buffer csr_attribute(Bytes type, Bytes value);

// Signed by the default scheme of the key. Extensions stand in the order given.
Result<Buffer> build_csr(const CsrSpec& spec, const CsrParts& parts, EVP_PKEY* key);

}  // namespace pki::x509
