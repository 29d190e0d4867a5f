// The key derivation of PasswordBasedMac (RFC 4211 4.4): a hash of a hash of a hash.
#pragma once

#include "libpki/base/result.h"
#include "libpki/base/secret.h"
#include "libpki/ossl/hash.h"

namespace pki::ossl {

// Of password and salt, then `iterations` - 1 times of what came out. Time grows with the
// iterations: who takes their number from a peer bounds it (limits::kPasswordIterations).
// unsupported for none of either.
Result<Secret> iterated_hash(Hash hash, Bytes password, Bytes salt, std::uint64_t iterations);

}  // namespace pki::ossl
