// SubjectPublicKeyInfo: RSA (RFC 3279 2.3.1), EC on P-256, P-384 and P-521 with a named
// curve and an uncompressed point (RFC 5480), Ed25519 and Ed448 (RFC 8410).
#pragma once

#include "libpki/ossl/key.h"

namespace pki::x509 {

struct Spki {
    Bytes encoding;  // the whole SEQUENCE
    Bytes key_bits;  // content of subjectPublicKey without the unused-bits octet
    ossl::PublicKeyParts key;

    std::size_t rsa_bits() const;
    // "rsa:2048", "ec:P-256", "ed25519": as in profiles and audit records.
    std::string describe() const;
};

// unsupported for other algorithms, curves and point forms; malformed; weak_key for RSA
// beyond limits::kRsaMaxBits or with an exponent that is even, 1 or too large. Not
// checked: that an EC point is on its curve, which ossl::make_public_key does.
Result<Spki> parse_spki(Bytes encoding);

// The key identifier of RFC 5280 4.2.1.2 (1): SHA-1 of the key bits.
Buffer key_identifier(const Spki& spki);

}  // namespace pki::x509
