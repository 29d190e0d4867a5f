// A key that two of EC agree upon (SEC 1 3.3.1), and keys made of it.
#pragma once

#include "libpki/base/result.h"
#include "libpki/base/secret.h"
#include "libpki/ossl/hash.h"

namespace pki::ossl {

// The x-coordinate, as long as the field. unsupported when the keys are not EC, or not on one
// curve.
Result<Secret> agree(EVP_PKEY* own, EVP_PKEY* peer);

// The key derivation function of X9.63 (SEC 1 3.6.1).
Result<Secret> x963_kdf(Hash hash, Bytes secret, Bytes shared_info, std::size_t size);

// The uncompressed point of an EC key.
Result<Buffer> public_point(EVP_PKEY* key);

}  // namespace pki::ossl
