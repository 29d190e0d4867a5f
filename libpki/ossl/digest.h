// SHA-2, SHA-1 for key identifiers and OCSP, HMAC-SHA-256, and random bytes.
#pragma once

#include <array>
#include <initializer_list>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"
#include "libpki/ossl/handles.h"

namespace pki::ossl {

using Sha256 = std::array<std::uint8_t, 32>;
using Sha384 = std::array<std::uint8_t, 48>;
using Sha512 = std::array<std::uint8_t, 64>;
using Sha1 = std::array<std::uint8_t, 20>;

// Of the concatenation of the parts.
Sha256 sha256(std::initializer_list<Bytes> parts);
inline Sha256 sha256(Bytes bytes) { return sha256({bytes}); }

// Of bytes that come in pieces.
class Sha256Stream {
   public:
    Sha256Stream();
    void update(Bytes bytes);
    // Once, at the end.
    Sha256 finish();

   private:
    MdCtxPtr context_;
};

Sha384 sha384(Bytes bytes);
Sha512 sha512(Bytes bytes);

// For key identifiers of RFC 5280 4.2.1.2, and for CertIDs and ResponderIDs of RFC 6960, which
// name an issuer and prove nothing; never for a signature.
Sha1 sha1(Bytes bytes);

Sha256 hmac_sha256(Bytes key, Bytes message);

// From the CSPRNG of OpenSSL. Fails only when the system has no entropy.
Status random_bytes(std::span<std::uint8_t> out);

}  // namespace pki::ossl
