// The algorithms of CMS messages and how they are written.
#pragma once

#include <optional>

#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"
#include "libpki/ossl/cipher.h"
#include "libpki/ossl/key.h"

namespace pki::cms {

// All from the complete AlgorithmIdentifier. malformed when that is no such SEQUENCE;
// unsupported when it names what we do not have.

// SHA-2, SHA-1, MD5 (RFC 3370 2, RFC 5754 2); parameters absent or NULL.
Result<ossl::Hash> parse_digest_algorithm(Bytes encoding);
void write_digest_algorithm(der::Writer& writer, ossl::Hash hash);

// What SignerInfo.signatureAlgorithm says with that digest: a signature algorithm of X.509, MD5
// with RSA, or only the kind of key, as rsaEncryption (RFC 3370 3.2) and, seen in the field,
// id-ecPublicKey do. bad_signature when it names another hash.
Result<ossl::SignatureScheme> parse_signer_algorithm(Bytes encoding, ossl::Hash digest);

struct CipherChoice {
    ossl::Cipher cipher = ossl::Cipher::aes128;
    Bytes iv;
};
// CBC with its IV as parameters (RFC 3370 5.1, RFC 3565 4.1). A wrong IV is malformed.
Result<CipherChoice> parse_cipher(Bytes encoding);
void write_cipher(der::Writer& writer, ossl::Cipher cipher, Bytes iv);

// AES key wrap (RFC 3565 2.3.2): parameters absent or, which some write, NULL.
Result<ossl::Cipher> parse_key_wrap(Bytes encoding);
// `cipher` is one of AES.
void write_key_wrap(der::Writer& writer, ossl::Cipher cipher);

// The pseudorandom function of PBKDF2 (RFC 8018 B.1): HMAC with this hash.
Result<ossl::Hash> parse_hmac(Bytes encoding);
void write_hmac(der::Writer& writer, ossl::Hash hash);

}  // namespace pki::cms
