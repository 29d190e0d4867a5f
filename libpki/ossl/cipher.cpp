#include "libpki/ossl/cipher.h"

#include <openssl/crypto.h>
#include <openssl/provider.h>

#include "libpki/ossl/constant_time.h"
#include "libpki/ossl/errors.h"

namespace pki::ossl {

namespace {

constexpr std::size_t kAesBlock = 16;
constexpr std::size_t kDesBlock = 8;

Error cannot_decrypt() { return fail(Errc::bad_signature, "cipher: cannot be decrypted"); }

// Never freed: OpenSSL may have cleaned up before static objects go.
EVP_CIPHER* fetch_legacy_des() {
    OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
    if (context == nullptr || OSSL_PROVIDER_load(context, "legacy") == nullptr) return nullptr;
    return EVP_CIPHER_fetch(context, "DES-CBC", nullptr);
}

const EVP_CIPHER* algorithm_of(Cipher cipher) {
    switch (cipher) {
        case Cipher::aes128: return EVP_aes_128_cbc();
        case Cipher::aes192: return EVP_aes_192_cbc();
        case Cipher::aes256: return EVP_aes_256_cbc();
        case Cipher::des3: return EVP_des_ede3_cbc();
        case Cipher::des: break;
    }
    static const EVP_CIPHER* const des = fetch_legacy_des();
    return des;
}

enum class Direction { decrypt = 0, encrypt = 1 };

struct Operation {
    Cipher cipher;
    Direction direction;
    Bytes key;
    Bytes iv;
};

// `out` is as long as `in`, which is whole blocks and not empty.
Status run(const Operation& op, Bytes in, std::span<std::uint8_t> out) {
    const ErrorGuard guard;
    const EVP_CIPHER* const algorithm = algorithm_of(op.cipher);
    if (algorithm == nullptr) return fail(Errc::unsupported, "cipher: not available");
    const CipherCtxPtr context(EVP_CIPHER_CTX_new());
    int written = 0;
    if (!context ||
        EVP_CipherInit_ex2(context.get(), algorithm, op.key.data(), op.iv.data(),
                           static_cast<int>(op.direction), nullptr) != 1 ||
        EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1 ||
        EVP_CipherUpdate(context.get(), out.data(), &written, in.data(),
                         static_cast<int>(in.size())) != 1 ||
        static_cast<std::size_t>(written) != in.size())
        return fail(Errc::internal, "cipher: failed");
    return {};
}

Result<Secret> run_blocks(const Operation& op, Bytes in) {
    const bool whole = !in.empty() && in.size() % iv_size(op.cipher) == 0;
    if (!whole || in.size() > INT32_MAX || op.key.size() != key_size(op.cipher) ||
        op.iv.size() != iv_size(op.cipher))
        return cannot_decrypt();
    Secret out(in.size());
    PKI_CHECK(run(op, in, out.data()));
    return out;
}

// RFC 5652 6.3: n octets of the value n, 1 to a block. 0 when it is not so. The whole last
// block is looked at whatever stands there.
std::size_t padding_size(Bytes plain, std::size_t block) {
    const std::uint32_t size = plain.back();
    const Bytes last = plain.last(block);
    std::uint32_t good =
        ~mask_of_zero(size) & mask_of_less(size, static_cast<std::uint32_t>(block) + 1);
    for (std::uint32_t i = 0; i < block; i++) {
        const std::uint32_t inside = mask_of_less(i, size);
        good &= ~inside | mask_of_equal(last[block - 1 - i], size);
    }
    return size & good;
}

}  // namespace

std::size_t key_size(Cipher cipher) {
    switch (cipher) {
        case Cipher::aes128: return 16;
        case Cipher::aes192: return 24;
        case Cipher::aes256: return 32;
        case Cipher::des3: return 24;
        case Cipher::des: break;
    }
    return 8;
}

std::size_t iv_size(Cipher cipher) {
    const bool des = cipher == Cipher::des || cipher == Cipher::des3;
    return des ? kDesBlock : kAesBlock;
}

Result<Buffer> encrypt_cbc(Cipher cipher, Bytes key, Bytes iv, Bytes plain) {
    const std::size_t block = iv_size(cipher);
    const std::size_t padding = block - plain.size() % block;
    Secret padded(plain.size() + padding);
    std::ranges::copy(plain, padded.data().begin());
    std::ranges::fill(padded.data().last(padding), static_cast<std::uint8_t>(padding));
    PKI_TRY(const Secret text, encrypt_blocks(cipher, key, iv, padded.view()));
    return to_buffer(text.view());
}

Result<Secret> decrypt_cbc(Cipher cipher, Bytes key, Bytes iv, Bytes text) {
    PKI_TRY(const Secret padded, decrypt_blocks(cipher, key, iv, text));
    const std::size_t padding = padding_size(padded.view(), iv_size(cipher));
    if (padding == 0) return cannot_decrypt();
    return Secret(padded.view().first(padded.size() - padding));
}

Result<Secret> encrypt_blocks(Cipher cipher, Bytes key, Bytes iv, Bytes blocks) {
    return run_blocks({cipher, Direction::encrypt, key, iv}, blocks);
}

Result<Secret> decrypt_blocks(Cipher cipher, Bytes key, Bytes iv, Bytes blocks) {
    return run_blocks({cipher, Direction::decrypt, key, iv}, blocks);
}

}  // namespace pki::ossl
