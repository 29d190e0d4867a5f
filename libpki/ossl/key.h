// Keys and signatures. Public keys are made with EVP_PKEY_fromdata from what our own
// reader found in the SubjectPublicKeyInfo: OpenSSL 3.0's decoders cost four times the
// verification itself.
#pragma once

#include <string>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"
#include "libpki/base/secret.h"
#include "libpki/ossl/handles.h"
#include "libpki/ossl/hash.h"

namespace pki::ossl {

enum class KeyType : std::uint8_t { rsa, ec, ed25519, ed448 };
enum class Curve : std::uint8_t { none, p256, p384, p521 };

// The parts of a public key, views into the SPKI.
struct PublicKeyParts {
    KeyType type = KeyType::rsa;
    Curve curve = Curve::none;
    Bytes point;    // EC: uncompressed point; EdDSA: the raw key
    Bytes modulus;  // RSA, big-endian without leading zeros
    Bytes exponent;
};

// Checks that an EC point is on its curve (SP 800-186 partial validation).
Result<PkeyPtr> make_public_key(const PublicKeyParts& parts);

// How a signature is made: with RSA-PSS the salt is as long as the hash.
struct SignatureScheme {
    KeyType type = KeyType::rsa;
    Hash hash = Hash::none;  // none with EdDSA
    bool pss = false;

    bool operator==(const SignatureScheme&) const = default;
};

// bad_signature when it does not verify, unsupported when key and scheme do not match.
Status verify(EVP_PKEY* key, const SignatureScheme& scheme, Bytes message, Bytes signature);
Result<Buffer> sign(EVP_PKEY* key, const SignatureScheme& scheme, Bytes message);

// The scheme that a key of ours signs with: SHA-256 for RSA and P-256, SHA-384 for P-384,
// SHA-512 for P-521, none for EdDSA.
Result<SignatureScheme> default_scheme(EVP_PKEY* key);

// "rsa:3072", "ec:P-256", "ed25519", "ed448". weak_key, unsupported.
Result<PkeyPtr> generate_key(std::string_view spec);

// The first private key of a PEM text: PKCS#8 and the older forms that OpenSSL reads. Encrypted
// ones are unsupported: nobody is asked for a password.
Result<PkeyPtr> read_private_key(Bytes pem);
Result<Secret> write_private_key(EVP_PKEY* key);  // PEM of PKCS#8

// PrivateKeyInfo or OneAsymmetricKey (RFC 5958), not encrypted, and nothing behind it. From
// whom we believe: what stands in the key itself is OpenSSL's decoder's to read. malformed,
// unsupported.
Result<PkeyPtr> read_private_key_der(Bytes pkcs8);
Result<Secret> write_private_key_der(EVP_PKEY* key);

Result<Buffer> public_key_der(EVP_PKEY* key);  // SubjectPublicKeyInfo
bool same_public_key(EVP_PKEY* a, EVP_PKEY* b);

}  // namespace pki::ossl
