#include "libpki/base/ascii.h"
#include "libpki/base/limits.h"
#include "libpki/x509/profile.h"

namespace pki::x509 {

namespace {

// NIST SP 800-131A: shorter keys are disallowed since 2014.
constexpr std::size_t kRsaMinBits = 2048;

struct FixedRule {
    std::string_view text;
    ossl::KeyType type;
    ossl::Curve curve;
};

constexpr FixedRule kFixedRules[] = {
    {"ec:P-256", ossl::KeyType::ec, ossl::Curve::p256},
    {"ec:P-384", ossl::KeyType::ec, ossl::Curve::p384},
    {"ec:P-521", ossl::KeyType::ec, ossl::Curve::p521},
    {"ed25519", ossl::KeyType::ed25519, ossl::Curve::none},
    {"ed448", ossl::KeyType::ed448, ossl::Curve::none},
};

Result<KeyRule> parse_rsa_rule(std::string_view text) {
    const std::string_view bits = text.substr(text.find(':') + 1);
    const std::size_t dash = bits.find('-');
    const auto min = parse_decimal(bits.substr(0, dash));
    const auto max = dash == bits.npos ? min : parse_decimal(bits.substr(dash + 1));
    if (!min || !max || *min > *max || *max > limits::kRsaMaxBits)
        return fail(Errc::malformed, "key rule: bad number of bits", std::string(text));
    if (*min < kRsaMinBits)
        return fail(Errc::weak_key, "key rule: RSA below 2048 bits", std::string(text));
    return KeyRule{ossl::KeyType::rsa, ossl::Curve::none, *min, *max};
}

}  // namespace

Result<KeyRule> parse_key_rule(std::string_view text) {
    if (text.starts_with("rsa:")) return parse_rsa_rule(text);
    for (const FixedRule& rule : kFixedRules)
        if (rule.text == text) return KeyRule{rule.type, rule.curve, 0, 0};
    return fail(Errc::malformed, "key rule: unknown", std::string(text));
}

bool KeyRule::allows(const Spki& spki) const {
    if (spki.key.type != type || spki.key.curve != curve) return false;
    const std::size_t bits = spki.rsa_bits();  // 0, as the bounds, for other types
    return bits >= min_bits && bits <= max_bits;
}

std::string KeyRule::describe() const {
    for (const FixedRule& rule : kFixedRules)
        if (rule.type == type && rule.curve == curve) return std::string(rule.text);
    std::string text = "rsa:" + std::to_string(min_bits);
    if (max_bits != min_bits) text += '-' + std::to_string(max_bits);
    return text;
}

}  // namespace pki::x509
