#include "libpki/ossl/hmac.h"

#include <openssl/hmac.h>

#include "libpki/ossl/errors.h"

namespace pki::ossl {

Result<Buffer> hmac(Hash hash, Bytes key, Bytes message) {
    const ErrorGuard guard;
    const EVP_MD* const algorithm = evp_digest(hash);
    if (algorithm == nullptr) return fail(Errc::unsupported, "HMAC: no hash");
    constexpr std::uint8_t kNoKey[] = {0};  // a null pointer would mean the key of last time
    const std::uint8_t* const octets = key.empty() ? kNoKey : key.data();
    Buffer out(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
    if (HMAC(algorithm, octets, static_cast<int>(key.size()), message.data(), message.size(),
             out.data(), nullptr) == nullptr)
        return drained(Errc::unsupported, "HMAC: not available");
    return out;
}

}  // namespace pki::ossl
