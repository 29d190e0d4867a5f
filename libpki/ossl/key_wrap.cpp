#include "libpki/ossl/key_wrap.h"

#include "libpki/ossl/errors.h"

namespace pki::ossl {

namespace {

constexpr std::size_t kSemiblock = 8;  // RFC 3394 2: also what wrapping adds
constexpr std::size_t kMostKey = 1024;

const EVP_CIPHER* algorithm_of(Cipher cipher) {
    switch (cipher) {
        case Cipher::aes128: return EVP_aes_128_wrap();
        case Cipher::aes192: return EVP_aes_192_wrap();
        case Cipher::aes256: return EVP_aes_256_wrap();
        case Cipher::des3:
        case Cipher::des: break;
    }
    return nullptr;
}

bool fits(Cipher cipher, Bytes kek, std::size_t key) {
    return algorithm_of(cipher) != nullptr && kek.size() == key_size(cipher) &&
           key % kSemiblock == 0 && key >= 2 * kSemiblock && key <= kMostKey;
}

// Without an IV: the initial value is that of RFC 3394 2.2.3.1. OpenSSL may write as much as
// `out` has, which is a semiblock more than what comes out of unwrapping.
bool run(Cipher cipher, bool wrap, Bytes kek, Bytes in, std::span<std::uint8_t> out,
         std::size_t expected) {
    const CipherCtxPtr context(EVP_CIPHER_CTX_new());
    if (!context) return false;
    EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    int written = 0;
    return EVP_CipherInit_ex(context.get(), algorithm_of(cipher), nullptr, kek.data(), nullptr,
                             wrap ? 1 : 0) == 1 &&
           EVP_CipherUpdate(context.get(), out.data(), &written, in.data(),
                            static_cast<int>(in.size())) == 1 &&
           static_cast<std::size_t>(written) == expected;
}

}  // namespace

Result<Buffer> wrap_key(Cipher cipher, Bytes kek, Bytes key) {
    const ErrorGuard guard;
    if (!fits(cipher, kek, key.size())) return fail(Errc::unsupported, "key wrap: sizes");
    Buffer out(key.size() + kSemiblock);
    if (!run(cipher, true, kek, key, out, out.size()))
        return drained(Errc::internal, "key wrap: failed");
    return out;
}

Result<Secret> unwrap_key(Cipher cipher, Bytes kek, Bytes wrapped) {
    const ErrorGuard guard;
    const std::size_t size = wrapped.size() < kSemiblock ? 0 : wrapped.size() - kSemiblock;
    Secret out(wrapped.size());
    if (!fits(cipher, kek, size) || !run(cipher, false, kek, wrapped, out.data(), size))
        return fail(Errc::bad_signature, "key wrap: cannot be unwrapped");
    return Secret(out.view().first(size));
}

}  // namespace pki::ossl
