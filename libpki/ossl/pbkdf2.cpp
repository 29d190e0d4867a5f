#include "libpki/ossl/pbkdf2.h"

#include "libpki/ossl/errors.h"

namespace pki::ossl {

Result<Secret> pbkdf2(Hash hash, Bytes password, Bytes salt, std::uint64_t iterations,
                      std::size_t size) {
    const ErrorGuard guard;
    if (hash == Hash::none || iterations == 0 || iterations > INT32_MAX)
        return fail(Errc::unsupported, "PBKDF2: parameters");
    Secret key(size);
    if (PKCS5_PBKDF2_HMAC(reinterpret_cast<const char*>(password.data()),
                          static_cast<int>(password.size()), salt.data(),
                          static_cast<int>(salt.size()), static_cast<int>(iterations),
                          evp_digest(hash), static_cast<int>(size), key.data().data()) != 1)
        return drained(Errc::internal, "PBKDF2: failed");
    return key;
}

}  // namespace pki::ossl
