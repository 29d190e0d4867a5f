#include "libpki/ossl/iterated_hash.h"

#include "libpki/ossl/errors.h"

namespace pki::ossl {

Result<Secret> iterated_hash(Hash hash, Bytes password, Bytes salt, std::uint64_t iterations) {
    const ErrorGuard guard;
    const EVP_MD* const algorithm = evp_digest(hash);
    if (algorithm == nullptr || iterations == 0)
        return fail(Errc::unsupported, "iterated hash: parameters");
    const MdCtxPtr context(EVP_MD_CTX_new());
    Secret key(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
    bool done = context && EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
                EVP_DigestUpdate(context.get(), password.data(), password.size()) == 1 &&
                EVP_DigestUpdate(context.get(), salt.data(), salt.size()) == 1 &&
                EVP_DigestFinal_ex(context.get(), key.data().data(), nullptr) == 1;
    // Without naming the hash again, which OpenSSL 3.0 would look up each time.
    for (std::uint64_t i = 1; i < iterations && done; i++)
        done = EVP_DigestInit_ex2(context.get(), nullptr, nullptr) == 1 &&
               EVP_DigestUpdate(context.get(), key.view().data(), key.size()) == 1 &&
               EVP_DigestFinal_ex(context.get(), key.data().data(), nullptr) == 1;
    if (!done) return drained(Errc::unsupported, "iterated hash: not available");
    return key;
}

}  // namespace pki::ossl
