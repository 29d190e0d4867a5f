// What a profile demands of a CSR, as far as a client can be told.
#include <algorithm>

#include "libpki/base/der_writer.h"
#include "libpki/est/csr_attributes.h"
#include "libpki/x509/oids.h"

namespace pki::est {

namespace {

namespace xoid = x509::oid;
using ossl::KeyType;

Bytes algorithm_of(KeyType type) {
    switch (type) {
        case KeyType::rsa: return xoid::kRsaEncryption;
        case KeyType::ec: return xoid::kEcPublicKey;
        case KeyType::ed25519: return xoid::kEd25519;
        case KeyType::ed448: return xoid::kEd448;
    }
    return {};
}

Bytes curve_of(ossl::Curve curve) {
    switch (curve) {
        case ossl::Curve::p256: return xoid::kP256;
        case ossl::Curve::p384: return xoid::kP384;
        case ossl::Curve::p521: return xoid::kP521;
        case ossl::Curve::none: break;
    }
    return {};
}

// RFC 7030 4.5.2: a crypto system that is required. There is no way to say "one of these".
std::optional<KeyDemand> key_of(const x509::Profile& profile) {
    if (profile.keys.empty()) return std::nullopt;
    const x509::KeyRule& first = profile.keys[0];
    if (!std::ranges::all_of(profile.keys,
                             [&](const x509::KeyRule& r) { return r.type == first.type; }))
        return std::nullopt;
    return KeyDemand{to_buffer(algorithm_of(first.type)), to_buffer(curve_of(first.curve)),
                     first.min_bits};
}

// The one text that matches; nothing where there are others.
std::optional<std::string> literal(const std::vector<std::string>& patterns) {
    if (patterns.size() != 1 || patterns[0].find('*') != std::string::npos) return {};
    if (patterns[0].find('\\') != std::string::npos) return {};
    return patterns[0];
}

// A value that its type cannot hold is not told: who asks for it is refused.
Buffer subject_value(Bytes type, const x509::SubjectRule& rule) {
    const auto text = literal(rule.patterns);
    if (!text) return {};
    const auto der = x509::build_name({{type, *text}});
    if (!der) return {};
    const auto name = x509::parse_name(*der);
    if (!name || name->attributes.size() != 1) return {};
    der::Writer w;
    w.primitive(name->attributes[0].tag, name->attributes[0].value);
    return std::move(w).take();
}

std::vector<SubjectDemand> subject_of(const x509::Profile& profile) {
    std::vector<SubjectDemand> demands;
    if (profile.empty_subject) return demands;  // nothing is required of it
    for (const auto& [type, rule] : profile.subject)
        if (rule.required) demands.push_back({type, subject_value(type, rule)});
    return demands;
}

// The one name that the rules leave, as build_san() reads it.
std::optional<std::string> only_san(const x509::Profile& profile) {
    if (profile.san.size() != 1 || !profile.san_ip.empty()) return {};
    const auto& [type, patterns] = *profile.san.begin();
    const auto text = literal(patterns);
    if (!text) return {};
    return std::string(x509::san_type_name(type)) + ':' + *text;
}

ExtensionDemand san_of(const x509::Profile& profile) {
    ExtensionDemand demand{to_buffer(xoid::kSubjectAltName), false, {}};
    if (const auto name = only_san(profile)) {
        const auto san = x509::build_san({*name});
        if (san && x509::parse_san(*san)) demand.value = *san;
    }
    return demand;
}

// As the certificate of the key that is told will have it (RFC 5480 section 3, RFC 8410
// section 5: only RSA keys encipher).
std::uint16_t usage_of(const x509::Profile& profile, const std::optional<KeyDemand>& key) {
    if (!key || equal(key->algorithm, xoid::kRsaEncryption)) return profile.key_usage;
    return static_cast<std::uint16_t>(profile.key_usage &
                                      ~(x509::kKeyEncipherment | x509::kDataEncipherment));
}

std::optional<Buffer> usage_value(const x509::Profile& profile, const CsrDemands& demands,
                                  Bytes id) {
    der::Writer w;
    if (equal(id, xoid::kKeyUsage)) {
        w.named_bits(usage_of(profile, demands.key));
    } else if (equal(id, xoid::kExtendedKeyUsage)) {
        w.sequence([&] {
            for (const Buffer& purpose : profile.extended_key_usage) w.oid(purpose);
        });
    } else {
        return std::nullopt;
    }
    return std::move(w).take();
}

bool requires_extensions(const x509::Profile& profile) {
    return std::ranges::any_of(profile.required_attributes, [](const Buffer& type) {
        return equal(type, xoid::kExtensionRequest);
    });
}

}  // namespace

CsrDemands demands_of(const x509::Profile& profile, std::span<const Bytes> extensions) {
    CsrDemands demands;
    demands.key = key_of(profile);
    demands.subject = subject_of(profile);
    for (const Buffer& type : profile.required_attributes)
        if (!equal(type, xoid::kExtensionRequest)) demands.attributes.push_back(type);
    if (profile.san_required) demands.extensions.push_back(san_of(profile));
    for (const Bytes id : extensions)
        demands.extensions.push_back(
            {to_buffer(id), equal(id, xoid::kKeyUsage), usage_value(profile, demands, id)});
    // Any extension will do, and this one fits.
    if (demands.extensions.empty() && profile.key_usage != 0 && requires_extensions(profile))
        demands.extensions.push_back(
            {to_buffer(xoid::kKeyUsage), true, usage_value(profile, demands, xoid::kKeyUsage)});
    return demands;
}

}  // namespace pki::est
