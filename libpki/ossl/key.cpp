#include "libpki/ossl/key.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <bit>

#include "libpki/ossl/errors.h"

namespace pki::ossl {

namespace {

PkeyPtr key_from_params(const char* type, int selection, OSSL_PARAM* params) {
    const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, selection, params) != 1)
        return nullptr;
    return PkeyPtr(key);
}

PkeyPtr curve_parameters(const char* name) {
    std::string group(name);
    std::array<OSSL_PARAM, 2> params{
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
        OSSL_PARAM_construct_end()};
    return key_from_params("EC", EVP_PKEY_KEY_PARAMETERS, params.data());
}

// Keys that hold a curve and no point. EVP_PKEY_fromdata builds the curve anew each time,
// which costs four times the copy of one that is there: a quarter of a P-256 verification.
EVP_PKEY* without_point(Curve curve) {
    static const std::array<PkeyPtr, 3> keys{
        curve_parameters("P-256"), curve_parameters("P-384"), curve_parameters("P-521")};
    switch (curve) {
        case Curve::p256: return keys[0].get();
        case Curve::p384: return keys[1].get();
        case Curve::p521: return keys[2].get();
        case Curve::none: break;
    }
    return nullptr;
}

Result<PkeyPtr> make_ec_key(const PublicKeyParts& parts) {
    EVP_PKEY* const curve = without_point(parts.curve);
    if (curve == nullptr) return fail(Errc::unsupported, "public key: curve");
    PkeyPtr key(EVP_PKEY_dup(curve));
    if (!key) return drained(Errc::internal, "public key: no memory");
    if (EVP_PKEY_set1_encoded_public_key(key.get(), parts.point.data(), parts.point.size()) !=
        1)
        return drained(Errc::malformed, "public key: not a point of its curve");
    return key;
}

// OSSL_PARAM carries integers in the byte order of the machine.
Buffer native_integer(Bytes big_endian) {
    Buffer out = to_buffer(big_endian);
    if constexpr (std::endian::native == std::endian::little) std::ranges::reverse(out);
    return out;
}

Result<PkeyPtr> make_rsa_key(const PublicKeyParts& parts) {
    Buffer n = native_integer(parts.modulus);
    Buffer e = native_integer(parts.exponent);
    std::array<OSSL_PARAM, 3> params{
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n.data(), n.size()),
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e.data(), e.size()),
        OSSL_PARAM_construct_end()};
    PkeyPtr key = key_from_params("RSA", EVP_PKEY_PUBLIC_KEY, params.data());
    if (!key) return drained(Errc::malformed, "public key: RSA");
    return key;
}

Result<PkeyPtr> make_raw_key(int id, Bytes octets) {
    PkeyPtr key(EVP_PKEY_new_raw_public_key(id, nullptr, octets.data(), octets.size()));
    if (!key) return drained(Errc::malformed, "public key: EdDSA");
    return key;
}

}  // namespace

Result<PkeyPtr> make_public_key(const PublicKeyParts& parts) {
    const ErrorGuard guard;
    switch (parts.type) {
        case KeyType::rsa: return make_rsa_key(parts);
        case KeyType::ec: return make_ec_key(parts);
        case KeyType::ed25519: return make_raw_key(EVP_PKEY_ED25519, parts.point);
        case KeyType::ed448: return make_raw_key(EVP_PKEY_ED448, parts.point);
    }
    return fail(Errc::unsupported, "public key: type");
}

Result<Buffer> public_key_der(EVP_PKEY* key) {
    const ErrorGuard guard;
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(key, &der);
    if (length <= 0) return drained(Errc::internal, "public key: not writable");
    Buffer out(der, der + length);
    OPENSSL_free(der);
    return out;
}

bool same_public_key(EVP_PKEY* a, EVP_PKEY* b) {
    const ErrorGuard guard;
    return EVP_PKEY_eq(a, b) == 1;
}

}  // namespace pki::ossl
