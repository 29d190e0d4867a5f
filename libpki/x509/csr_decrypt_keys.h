// Which key a private key made for the client is to be encrypted with, as attributes of its CSR
// say (RFC 7030 4.4.1).
#pragma once

#include <optional>

#include "libpki/x509/csr.h"

namespace pki::x509 {

struct DecryptKeys {
    // One of the two at most; none: the client names no key.
    std::optional<Bytes> symmetric;   // DecryptKeyIdentifier (RFC 4108 2.2.5)
    std::optional<Bytes> asymmetric;  // AsymmetricDecryptKeyIdentifier
    Bytes capabilities;               // SMIMECapabilities, complete; empty: none
};

// Views into the CSR. malformed: an attribute of these twice, both identifiers, one with
// another number of values than one or of another type, an empty identifier or one of more than
// limits::kCmpReference octets. Not checked: what is in the SMIMECapabilities.
Result<DecryptKeys> parse_decrypt_keys(const Csr& csr);

}  // namespace pki::x509
