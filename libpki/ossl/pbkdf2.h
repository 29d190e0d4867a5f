// PBKDF2 (RFC 8018 5.2): keys out of passwords.
#pragma once

#include "libpki/base/result.h"
#include "libpki/base/secret.h"
#include "libpki/ossl/hash.h"

namespace pki::ossl {

// With HMAC of that hash. Time grows with the iterations: who takes their number from a peer
// bounds it (limits::kPasswordIterations).
Result<Secret> pbkdf2(Hash hash, Bytes password, Bytes salt, std::uint64_t iterations,
                      std::size_t size);

}  // namespace pki::ossl
