#include "signerd/keys/ra_check.h"

#include "libpki/x509/oids.h"
#include "signerd/keys/tbs_parts.h"

namespace signerd {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;
using pki::ossl::KeyType;

namespace {

constexpr pki::Bytes kRaExtensions[] = {
    oid::kSubjectKeyIdentifier,  oid::kAuthorityKeyIdentifier,
    oid::kBasicConstraints,      oid::kKeyUsage,
    oid::kCrlDistributionPoints, oid::kAuthorityInfoAccess,
    oid::kExtendedKeyUsage,
};

pki::Error denied(const char* text) { return pki::fail(pki::Errc::denied, text); }

// cmcRA, or cmcRA and cmKGA, and nothing beside them.
pki::Result<RaPurpose> purpose_of(const x509::Tbs& tbs) {
    RaPurpose purpose;
    const auto* extension = tbs.extensions.find(oid::kExtendedKeyUsage);
    if (extension == nullptr) return purpose;
    PKI_TRY(const auto purposes, x509::parse_extended_key_usage(extension->value));
    for (const pki::Bytes one : purposes) {
        if (pki::equal(one, oid::kCmcRa) && !purpose.cmp)
            purpose.cmp = true;
        else if (pki::equal(one, oid::kCmKga) && !purpose.key_generation)
            purpose.key_generation = true;
        else
            return denied("RA: extended key usage");
    }
    if (!purpose.cmp) return denied("RA: extended key usage");
    return purpose;
}

pki::Status check_usage(const x509::Tbs& tbs) {
    PKI_TRY(const RaPurpose purpose, purpose_of(tbs));
    const std::uint16_t expected = ra_usage(tbs.spki.key, purpose);
    if (expected == 0) return denied("RA: type of key");
    const auto* extension = tbs.extensions.find(oid::kKeyUsage);
    if (extension == nullptr) return denied("RA: no key usage");
    PKI_TRY(const std::uint16_t usage, x509::parse_key_usage(extension->value));
    if (usage != expected) return denied("RA: key usage");
    return {};
}

}  // namespace

std::uint16_t ra_usage(const pki::ossl::PublicKeyParts& key, const RaPurpose& purpose) {
    switch (key.type) {
        case KeyType::rsa: return x509::kDigitalSignature | x509::kKeyEncipherment;
        case KeyType::ec:
            if (purpose.cmp) return x509::kDigitalSignature | x509::kKeyAgreement;
            return x509::kDigitalSignature;
        case KeyType::ed25519: return purpose.cmp ? x509::kDigitalSignature : 0;
        case KeyType::ed448: break;
    }
    return purpose.cmp && !purpose.key_generation ? x509::kDigitalSignature : 0;
}

pki::Status check_ra(const CaRules& rules, pki::Bytes encoding, std::int64_t now) {
    PKI_TRY(const x509::Tbs tbs, x509::parse_tbs(encoding));
    PKI_CHECK(check_serial(tbs));
    PKI_CHECK(check_issuer(rules, tbs));
    PKI_CHECK(check_subject(tbs));
    if (tbs.subject.empty()) return denied("RA: no subject");
    PKI_CHECK(check_validity(rules, tbs, now));
    if (tbs.not_after - tbs.not_before > kLongestRa) return denied("RA: validity too long");
    PKI_CHECK(check_not_ca(tbs));
    PKI_CHECK(check_usage(tbs));
    return check_extensions(tbs, kRaExtensions);
}

}  // namespace signerd
