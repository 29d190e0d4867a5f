// AES key wrap (RFC 3394): a key encrypted by a key, with an integrity check of its own.
#pragma once

#include "libpki/base/result.h"
#include "libpki/base/secret.h"
#include "libpki/ossl/cipher.h"

namespace pki::ossl {

// `cipher` is one of AES and says how long `kek` is. `key` is 16 octets or more, in multiples
// of eight. unsupported when it is not so.
Result<Buffer> wrap_key(Cipher cipher, Bytes kek, Bytes key);

// bad_signature with one text for every failure.
Result<Secret> unwrap_key(Cipher cipher, Bytes kek, Bytes wrapped);

}  // namespace pki::ossl
