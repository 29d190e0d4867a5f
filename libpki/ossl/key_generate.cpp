#include <charconv>

#include "libpki/base/limits.h"
#include "libpki/ossl/errors.h"
#include "libpki/ossl/key.h"

namespace pki::ossl {

namespace {

constexpr std::size_t kRsaMinBits = 2048;  // SP 800-131A: less is no longer allowed

Result<PkeyPtr> generated(EVP_PKEY* key) {
    if (key == nullptr) return drained(Errc::internal, "key: generation failed");
    return PkeyPtr(key);
}

Result<PkeyPtr> generate_rsa(std::string_view size) {
    std::size_t bits = 0;
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), bits);
    if (error != std::errc() || end != size.data() + size.size() || bits > limits::kRsaMaxBits)
        return fail(Errc::unsupported, "key: RSA size", std::string(size));
    if (bits < kRsaMinBits) return fail(Errc::weak_key, "key: RSA size", std::string(size));
    return generated(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
}

Result<PkeyPtr> generate_ec(const std::string& curve) {
    if (curve != "P-256" && curve != "P-384" && curve != "P-521")
        return fail(Errc::unsupported, "key: curve", curve);
    return generated(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.c_str()));
}

}  // namespace

Result<PkeyPtr> generate_key(std::string_view spec) {
    const ErrorGuard guard;
    if (spec.starts_with("rsa:")) return generate_rsa(spec.substr(4));
    if (spec.starts_with("ec:")) return generate_ec(std::string(spec.substr(3)));
    if (spec == "ed25519") return generated(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    if (spec == "ed448") return generated(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"));
    return fail(Errc::unsupported, "key: type", std::string(spec));
}

}  // namespace pki::ossl
