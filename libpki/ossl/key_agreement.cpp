#include "libpki/ossl/key_agreement.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include "libpki/ossl/errors.h"

namespace pki::ossl {

namespace {

using KdfPtr = std::unique_ptr<EVP_KDF, Deleter<EVP_KDF_free>>;
using KdfCtxPtr = std::unique_ptr<EVP_KDF_CTX, Deleter<EVP_KDF_CTX_free>>;

OSSL_PARAM octets(const char* name, Bytes value) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(value.data()),
                                             value.size());
}

}  // namespace

// EVP_PKEY_derive_set_peer() checks the peer's point, and that the curves are the same.
Result<Secret> agree(EVP_PKEY* own, EVP_PKEY* peer) {
    const ErrorGuard guard;
    if (EVP_PKEY_is_a(own, "EC") != 1 || EVP_PKEY_is_a(peer, "EC") != 1)
        return fail(Errc::unsupported, "key agreement: the key is not EC");
    const PkeyCtxPtr context(EVP_PKEY_CTX_new(own, nullptr));
    if (!context || EVP_PKEY_derive_init(context.get()) != 1)
        return drained(Errc::internal, "key agreement: failed");
    std::size_t size = 0;
    if (EVP_PKEY_derive_set_peer(context.get(), peer) != 1 ||
        EVP_PKEY_derive(context.get(), nullptr, &size) != 1)
        return drained(Errc::unsupported, "key agreement: the keys do not fit");
    Secret secret(size);
    if (EVP_PKEY_derive(context.get(), secret.data().data(), &size) != 1 ||
        size != secret.size())
        return drained(Errc::internal, "key agreement: failed");
    return secret;
}

Result<Secret> x963_kdf(Hash hash, Bytes secret, Bytes shared_info, std::size_t size) {
    const ErrorGuard guard;
    const EVP_MD* const digest = evp_digest(hash);
    if (digest == nullptr) return fail(Errc::unsupported, "X9.63 KDF: hash");
    const KdfPtr kdf(EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_X963KDF, nullptr));
    const KdfCtxPtr context(EVP_KDF_CTX_new(kdf.get()));
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                         const_cast<char*>(EVP_MD_get0_name(digest)), 0),
        octets(OSSL_KDF_PARAM_KEY, secret),
        octets(OSSL_KDF_PARAM_INFO, shared_info),
        OSSL_PARAM_construct_end(),
    };
    Secret key(size);
    if (!context || EVP_KDF_derive(context.get(), key.data().data(), key.size(), params) != 1)
        return drained(Errc::internal, "X9.63 KDF: failed");
    return key;
}

Result<Buffer> public_point(EVP_PKEY* key) {
    const ErrorGuard guard;
    unsigned char* point = nullptr;
    const std::size_t size =
        EVP_PKEY_is_a(key, "EC") == 1 ? EVP_PKEY_get1_encoded_public_key(key, &point) : 0;
    if (size == 0) return drained(Errc::unsupported, "public key: no point");
    Buffer out(point, point + size);
    OPENSSL_free(point);
    return out;
}

}  // namespace pki::ossl
