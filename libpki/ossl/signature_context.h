// What signatures over a message in one piece and over one in many have in common.
#pragma once

#include "libpki/ossl/key.h"

namespace pki::ossl {

// RFC 8032 5.1.6: EdDSA goes over its message twice, so it needs the whole of it.
constexpr bool is_eddsa(const SignatureScheme& scheme) {
    return scheme.type == KeyType::ed25519 || scheme.type == KeyType::ed448;
}

// Ready to take the message; it holds the key. unsupported when key and scheme do not match.
// The error queue is the caller's to empty.
Result<MdCtxPtr> signing_context(EVP_PKEY* key, const SignatureScheme& scheme);
Result<MdCtxPtr> verifying_context(EVP_PKEY* key, const SignatureScheme& scheme);

}  // namespace pki::ossl
