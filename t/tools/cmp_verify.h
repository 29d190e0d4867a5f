// Who protected a message.
#pragma once

#include <optional>

#include "t/tools/options.h"

namespace forge {

// The file of `signers` whose certificate signed it, "mac" by `secret`, "none", or "wrong".
std::string protected_by(const Options& options, pki::Bytes algorithm, pki::Bytes part,
                         const std::optional<pki::Bytes>& bits);

// HMAC (RFC 2104) with that hash.
pki::Buffer hmac(pki::ossl::Hash hash, pki::Bytes key, pki::Bytes message);
// RFC 9810 5.1.3.1.
pki::Buffer pbm_key(pki::ossl::Hash hash, pki::Bytes secret, pki::Bytes salt,
                    std::size_t iterations);
// RFC 8018 7.1, with PBKDF2.
pki::Buffer pbmac1_key(pki::ossl::Hash hash, pki::Bytes secret, pki::Bytes salt,
                       std::size_t iterations, std::size_t size);

}  // namespace forge
