// Hashes by name, for messages that say themselves which one they use.
#pragma once

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"
#include "libpki/ossl/handles.h"

namespace pki::ossl {

// MD5 is for CMS only, where a switch lets very old devices in; nothing of X.509 reads it.
enum class Hash : std::uint8_t { none, sha1, sha256, sha384, sha512, md5 };

// nullptr for none. OpenSSL owns it.
const EVP_MD* evp_digest(Hash hash);

// unsupported for none, and for what this OpenSSL does without (MD5 in FIPS mode).
Result<Buffer> digest(Hash hash, Bytes bytes);

}  // namespace pki::ossl
