#include "libpki/ossl/rsa_encryption.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "libpki/ossl/constant_time.h"
#include "libpki/ossl/digest.h"
#include "libpki/ossl/errors.h"

namespace pki::ossl {

namespace {

bool is_rsa(const EVP_PKEY* key) { return EVP_PKEY_is_a(key, "RSA") == 1; }

bool set_oaep(EVP_PKEY_CTX* context, const RsaPadding& padding) {
    if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_oaep_md(context, evp_digest(padding.hash)) != 1 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md(context, evp_digest(padding.mgf1)) != 1)
        return false;
    if (padding.label.empty()) return true;
    // The context takes the label, and keeps it only when the call succeeds.
    void* const label = OPENSSL_memdup(padding.label.data(), padding.label.size());
    if (label != nullptr && EVP_PKEY_CTX_set0_rsa_oaep_label(
                                context, label, static_cast<int>(padding.label.size())) == 1)
        return true;
    OPENSSL_free(label);
    return false;
}

// What came out, and all ones when it is a key of the size that was asked for.
struct Candidate {
    Secret key;
    std::uint32_t good = 0;
};

Result<PkeyCtxPtr> decryption(EVP_PKEY* key) {
    PkeyCtxPtr context(EVP_PKEY_CTX_new(key, nullptr));
    if (!context || EVP_PKEY_decrypt_init(context.get()) != 1)
        return drained(Errc::internal, "RSA: the key cannot decrypt");
    return context;
}

// RFC 8017 7.2.2: 00 02, at least eight octets that are not 0, 00, the key. Its size is known,
// so each octet has its place.
std::uint32_t check_type_2(Bytes block, std::size_t size) {
    const std::size_t end = block.size() - size - 1;
    std::uint32_t good = mask_of_zero(block[0]) & mask_of_equal(block[1], 2);
    for (std::size_t i = 2; i < end; i++) good &= ~mask_of_zero(block[i]);
    return good & mask_of_zero(block[end]);
}

// OpenSSL 3.0 answers a wrong padding of v1.5 with an error, so it decrypts without one.
Result<Candidate> decrypt_v15(EVP_PKEY* key, Bytes encrypted, std::size_t size) {
    PKI_TRY(const PkeyCtxPtr context, decryption(key));
    if (EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) != 1)
        return drained(Errc::internal, "RSA: the key cannot decrypt");
    Secret block(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
    std::size_t written = block.size();
    Candidate candidate{Secret(size), 0};
    // A number above the modulus is all that can fail here, which the sender knows.
    if (block.size() < size + 11 ||
        EVP_PKEY_decrypt(context.get(), block.data().data(), &written, encrypted.data(),
                         encrypted.size()) != 1 ||
        written != block.size())
        return candidate;
    candidate.good = check_type_2(block.view(), size);
    std::ranges::copy(block.view().last(size), candidate.key.data().begin());
    return candidate;
}

// OpenSSL checks OAEP in constant time, and says by its result alone what it found.
Result<Candidate> decrypt_oaep(EVP_PKEY* key, const RsaPadding& padding, Bytes encrypted,
                               std::size_t size) {
    PKI_TRY(const PkeyCtxPtr context, decryption(key));
    if (!set_oaep(context.get(), padding))
        return drained(Errc::internal, "RSA: OAEP parameters");
    Secret block(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
    std::size_t written = block.size();
    const int done = EVP_PKEY_decrypt(context.get(), block.data().data(), &written,
                                      encrypted.data(), encrypted.size());
    Candidate candidate{Secret(size), 0};
    if (block.size() < size) return candidate;
    candidate.good =
        mask_of_equal(static_cast<std::uint32_t>(done), 1) &
        mask_of_equal(static_cast<std::uint32_t>(written), static_cast<std::uint32_t>(size));
    std::ranges::copy(block.view().first(size), candidate.key.data().begin());
    return candidate;
}

// A hash of the private exponent. Keys that cannot be exported have random octets instead.
Status fill_seed(EVP_PKEY* key, std::span<std::uint8_t> out) {
    BIGNUM* exponent = nullptr;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_D, &exponent) != 1)
        return random_bytes(out);
    const std::unique_ptr<BIGNUM, Deleter<BN_clear_free>> owner(exponent);
    Secret octets(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
    if (BN_bn2binpad(exponent, octets.data().data(), static_cast<int>(octets.size())) < 0)
        return fail(Errc::internal, "RSA: private exponent");
    std::ranges::copy(sha256(octets.view()), out.begin());
    return {};
}

// As draft-irtf-cfrg-rsa-guidance does: the same for the same ciphertext, unknown to whoever
// does not have the private key.
Result<Secret> other_key(EVP_PKEY* key, Bytes encrypted, std::size_t size) {
    Secret seed(Sha256().size());
    PKI_CHECK(fill_seed(key, seed.data()));
    Secret out(size);
    for (std::size_t at = 0; at < size; at += Sha256().size()) {
        Buffer message{static_cast<std::uint8_t>(at / Sha256().size())};
        append(message, encrypted);
        const Sha256 part = hmac_sha256(seed.view(), message);
        const std::size_t count = std::min(part.size(), size - at);
        std::copy_n(part.begin(), count, out.data().begin() + static_cast<std::ptrdiff_t>(at));
    }
    return out;
}

}  // namespace

Result<Buffer> rsa_encrypt(EVP_PKEY* key, const RsaPadding& padding, Bytes plain) {
    const ErrorGuard guard;
    if (!is_rsa(key)) return fail(Errc::unsupported, "RSA: not an RSA key");
    const PkeyCtxPtr context(EVP_PKEY_CTX_new(key, nullptr));
    if (!context || EVP_PKEY_encrypt_init(context.get()) != 1)
        return drained(Errc::internal, "RSA: the key cannot encrypt");
    const bool set = padding.oaep
                         ? set_oaep(context.get(), padding)
                         : EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1;
    if (!set) return drained(Errc::internal, "RSA: padding");
    Buffer out(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
    std::size_t written = out.size();
    if (EVP_PKEY_encrypt(context.get(), out.data(), &written, plain.data(), plain.size()) != 1)
        return drained(Errc::weak_key, "RSA: the key cannot encrypt this");
    out.resize(written);
    return out;
}

Result<Secret> rsa_decrypt_key(EVP_PKEY* key, const RsaPadding& padding, Bytes encrypted,
                               std::size_t size) {
    const ErrorGuard guard;
    if (!is_rsa(key)) return fail(Errc::unsupported, "RSA: not an RSA key");
    PKI_TRY(Secret out, other_key(key, encrypted, size));
    PKI_TRY(const Candidate found, padding.oaep ? decrypt_oaep(key, padding, encrypted, size)
                                                : decrypt_v15(key, encrypted, size));
    for (std::size_t i = 0; i < size; i++)
        out.data()[i] = select_octet(found.good, found.key.view()[i], out.view()[i]);
    return out;
}

}  // namespace pki::ossl
