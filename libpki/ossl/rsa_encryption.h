// RSA encryption of keys (RFC 8017 section 7), without telling senders what was wrong.
#pragma once

#include "libpki/base/result.h"
#include "libpki/base/secret.h"
#include "libpki/ossl/hash.h"

namespace pki::ossl {

// PKCS#1 v1.5, or OAEP with its parameters.
struct RsaPadding {
    bool oaep = false;
    Hash hash = Hash::sha1;
    Hash mgf1 = Hash::sha1;
    Bytes label;
};

// unsupported when the key is not RSA, weak_key when it is too small for what is to go in.
Result<Buffer> rsa_encrypt(EVP_PKEY* key, const RsaPadding& padding, Bytes plain);

// The key of `size` octets that is inside. On any failure (padding, length) another one of that
// size: who uses it finds garbage, whatever was wrong, so that nobody can ask us about a
// ciphertext (Bleichenbacher, Manger). The other one is chosen in constant time, and it depends
// on the private key and the ciphertext alone: to send the same again tells nothing either.
// Errors are our own faults only: unsupported when the key is not RSA, internal.
Result<Secret> rsa_decrypt_key(EVP_PKEY* key, const RsaPadding& padding, Bytes encrypted,
                               std::size_t size);

}  // namespace pki::ossl
