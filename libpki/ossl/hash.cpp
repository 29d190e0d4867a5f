#include "libpki/ossl/hash.h"

#include "libpki/ossl/errors.h"

namespace pki::ossl {

const EVP_MD* evp_digest(Hash hash) {
    switch (hash) {
        case Hash::none: return nullptr;
        case Hash::sha1: return EVP_sha1();
        case Hash::sha256: return EVP_sha256();
        case Hash::sha384: return EVP_sha384();
        case Hash::sha512: return EVP_sha512();
        case Hash::md5: return EVP_md5();
    }
    return nullptr;
}

Result<Buffer> digest(Hash hash, Bytes bytes) {
    const ErrorGuard guard;
    const EVP_MD* const algorithm = evp_digest(hash);
    if (algorithm == nullptr) return fail(Errc::unsupported, "digest: no hash");
    Buffer out(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
    if (EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, algorithm, nullptr) != 1)
        return drained(Errc::unsupported, "digest: not available");
    return out;
}

}  // namespace pki::ossl
