#include <openssl/rsa.h>

#include <array>

#include "libpki/ossl/errors.h"
#include "libpki/ossl/key.h"
#include "libpki/ossl/signature_context.h"

namespace pki::ossl {

namespace {

// EVP_PKEY_is_a knows the keys of providers too, which have no legacy number.
bool is_of(const EVP_PKEY* key, KeyType type) {
    switch (type) {
        case KeyType::rsa: return EVP_PKEY_is_a(key, "RSA") == 1;
        case KeyType::ec: return EVP_PKEY_is_a(key, "EC") == 1;
        case KeyType::ed25519: return EVP_PKEY_is_a(key, "ED25519") == 1;
        case KeyType::ed448: return EVP_PKEY_is_a(key, "ED448") == 1;
    }
    return false;
}

// EdDSA hashes by itself (RFC 8032); everything else needs a hash, and PSS an RSA key.
bool fits(const EVP_PKEY* key, const SignatureScheme& scheme) {
    return is_of(key, scheme.type) && is_eddsa(scheme) == (scheme.hash == Hash::none) &&
           (!scheme.pss || scheme.type == KeyType::rsa);
}

// RFC 4055 3.1: the salt as long as the hash, MGF1 with the same hash (OpenSSL's default).
bool set_padding(EVP_PKEY_CTX* context, const SignatureScheme& scheme) {
    if (!scheme.pss) return true;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

Result<Hash> default_ec_hash(const EVP_PKEY* key) {
    std::array<char, 64> group{};
    if (EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) != 1)
        return drained(Errc::unsupported, "key: curve without a name");
    const std::string_view name(group.data());
    if (name == "prime256v1") return Hash::sha256;
    if (name == "secp384r1") return Hash::sha384;
    if (name == "secp521r1") return Hash::sha512;
    return fail(Errc::unsupported, "key: curve", std::string(name));
}

}  // namespace

Result<MdCtxPtr> signing_context(EVP_PKEY* key, const SignatureScheme& scheme) {
    if (!fits(key, scheme))
        return fail(Errc::unsupported, "signature: the algorithm does not fit the key");
    MdCtxPtr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;
    if (!context ||
        EVP_DigestSignInit(context.get(), &parameters, evp_digest(scheme.hash), nullptr, key) !=
            1 ||
        !set_padding(parameters, scheme))
        return drained(Errc::unsupported, "signature: the key cannot make it");
    return context;
}

Result<MdCtxPtr> verifying_context(EVP_PKEY* key, const SignatureScheme& scheme) {
    if (!fits(key, scheme))
        return fail(Errc::unsupported, "signature: the algorithm does not fit the key");
    MdCtxPtr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;
    if (!context ||
        EVP_DigestVerifyInit(context.get(), &parameters, evp_digest(scheme.hash), nullptr,
                             key) != 1 ||
        !set_padding(parameters, scheme))
        return drained(Errc::unsupported, "signature: the key cannot verify it");
    return context;
}

Status verify(EVP_PKEY* key, const SignatureScheme& scheme, Bytes message, Bytes signature) {
    const ErrorGuard guard;
    PKI_TRY(const MdCtxPtr context, verifying_context(key, scheme));
    if (EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                         message.size()) != 1)
        return drained(Errc::bad_signature, "signature does not verify");
    return {};
}

Result<Buffer> sign(EVP_PKEY* key, const SignatureScheme& scheme, Bytes message) {
    const ErrorGuard guard;
    PKI_TRY(const MdCtxPtr context, signing_context(key, scheme));
    Buffer out(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
    std::size_t length = out.size();
    if (EVP_DigestSign(context.get(), out.data(), &length, message.data(), message.size()) != 1)
        return drained(Errc::internal, "signature: signing failed");
    out.resize(length);
    return out;
}

Result<SignatureScheme> default_scheme(EVP_PKEY* key) {
    const ErrorGuard guard;
    if (is_of(key, KeyType::rsa)) return SignatureScheme{KeyType::rsa, Hash::sha256, false};
    if (is_of(key, KeyType::ed25519))
        return SignatureScheme{KeyType::ed25519, Hash::none, false};
    if (is_of(key, KeyType::ed448)) return SignatureScheme{KeyType::ed448, Hash::none, false};
    if (!is_of(key, KeyType::ec)) return fail(Errc::unsupported, "key: type");
    PKI_TRY(const Hash hash, default_ec_hash(key));
    return SignatureScheme{KeyType::ec, hash, false};
}

}  // namespace pki::ossl
