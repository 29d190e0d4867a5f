// HMAC (RFC 2104) with a hash by name.
#pragma once

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"
#include "libpki/ossl/hash.h"

namespace pki::ossl {

// unsupported for none, and for what this OpenSSL does without.
Result<Buffer> hmac(Hash hash, Bytes key, Bytes message);

}  // namespace pki::ossl
