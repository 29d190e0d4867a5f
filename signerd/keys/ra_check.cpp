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
};

pki::Error denied(const char* text) { return pki::fail(pki::Errc::denied, text); }

pki::Status check_usage(const x509::Tbs& tbs) {
    const KeyType type = tbs.spki.key.type;
    if (type != KeyType::rsa && type != KeyType::ec) return denied("RA: type of key");
    const auto* extension = tbs.extensions.find(oid::kKeyUsage);
    if (extension == nullptr) return denied("RA: no key usage");
    PKI_TRY(const std::uint16_t usage, x509::parse_key_usage(extension->value));
    const int encipherment = type == KeyType::rsa ? x509::kKeyEncipherment : 0;
    if (usage != (x509::kDigitalSignature | encipherment)) return denied("RA: key usage");
    return {};
}

}  // namespace

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
