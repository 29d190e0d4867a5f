#include "signerd/keys/tbs_check.h"

#include <algorithm>

#include "libpki/x509/algorithm.h"
#include "libpki/x509/oids.h"
#include "signerd/keys/crl_check.h"
#include "signerd/keys/tbs_parts.h"
#include "signerd/successor.h"

namespace signerd {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

namespace {

constexpr std::uint8_t kAnyExtendedKeyUsage[] = {0x55, 0x1d, 0x25, 0x00};

constexpr pki::Bytes kOurExtensions[] = {
    oid::kSubjectKeyIdentifier,  oid::kKeyUsage,         oid::kSubjectAltName,
    oid::kBasicConstraints,      oid::kExtendedKeyUsage, oid::kAuthorityKeyIdentifier,
    oid::kCrlDistributionPoints, oid::kTlsFeature,       oid::kAuthorityInfoAccess,
};

pki::Error denied(const char* text) { return pki::fail(pki::Errc::denied, text); }

pki::Status check_key_usage(const CaRules& rules, const x509::Tbs& tbs) {
    const auto* extension = tbs.extensions.find(oid::kKeyUsage);
    if (extension == nullptr) {
        if (!rules.may_omit_key_usage) return denied("TBS: no key usage");
        return {};
    }
    PKI_TRY(const std::uint16_t usage, x509::parse_key_usage(extension->value));
    if (usage & (x509::kKeyCertSign | x509::kCrlSign)) return denied("TBS: key usage of a CA");
    if (usage & ~rules.key_usage) return denied("TBS: key usage that no profile has");
    return {};
}

// RFC 6402 2.10: cmcCA certificates answer in the name of the CA.
pki::Status check_extended_key_usage(const CaRules& rules, const x509::Tbs& tbs) {
    const auto* extension = tbs.extensions.find(oid::kExtendedKeyUsage);
    if (extension == nullptr) {
        if (!rules.may_omit_extended_key_usage) return denied("TBS: no extended key usage");
        return {};
    }
    PKI_TRY(const auto purposes, x509::parse_extended_key_usage(extension->value));
    for (const pki::Bytes purpose : purposes) {
        if (pki::equal(purpose, oid::kCmcCa) || pki::equal(purpose, kAnyExtendedKeyUsage))
            return denied("TBS: extended key usage of a CA");
        if (!rules.extended_key_usage.contains(pki::to_buffer(purpose)))
            return denied("TBS: extended key usage that no profile has");
    }
    return {};
}

pki::Buffer algorithm_of(const pki::ossl::SignatureScheme& scheme) {
    pki::der::Writer writer;
    x509::write_signature_algorithm(writer, scheme);
    return std::move(writer).take();
}

// Who verifies certificates of this CA has what it takes to verify the responder as well.
std::string responder_key_of(const Ca& ca) {
    if (!ca.ocsp.key.empty()) return ca.ocsp.key;
    return ca.scheme.type == pki::ossl::KeyType::rsa ? "rsa:2048" : "ec:P-256";
}

void widen(CaRules& rules, const x509::Profile& profile) {
    rules.longest =
        std::max(rules.longest, profile.validity_seconds + profile.backdate_seconds);
    rules.backdate = std::max(rules.backdate, profile.backdate_seconds);
    rules.key_usage |= profile.key_usage;
    rules.extended_key_usage.insert(profile.extended_key_usage.begin(),
                                    profile.extended_key_usage.end());
    rules.may_omit_key_usage |= profile.key_usage == 0;
    rules.may_omit_extended_key_usage |= profile.extended_key_usage.empty();
}

}  // namespace

CaRules rules_of(const Ca& ca, const Config& config) {
    CaRules rules;
    rules.subject = ca.subject;
    rules.key_identifier = ca.key_identifier;
    rules.signature_algorithm = algorithm_of(ca.scheme);
    rules.not_before = ca.not_before;
    rules.not_after = ca.not_after;
    rules.may_sign_crls = may_sign_crls(ca);
    // The configuration was read from it.
    if (const auto certificate = x509::parse_certificate(ca.chain.front()))
        rules.key_bits = pki::to_buffer(certificate->tbs.spki.key_bits);
    rules.responder_key = responder_key_of(ca);
    for (const auto& [name, profile] : config.profiles)
        if (leads_to(profile.ca, ca.name, config.cas)) widen(rules, profile.rules);
    return rules;
}

pki::Status check_tbs(const CaRules& rules, pki::Bytes encoding, std::int64_t now) {
    PKI_TRY(const x509::Tbs tbs, x509::parse_tbs(encoding));
    PKI_CHECK(check_serial(tbs));
    PKI_CHECK(check_issuer(rules, tbs));
    PKI_CHECK(check_subject(tbs));
    PKI_CHECK(check_validity(rules, tbs, now));
    if (tbs.not_after - tbs.not_before > rules.longest)
        return denied("TBS: validity longer than any profile's");
    PKI_CHECK(check_not_ca(tbs));
    PKI_CHECK(check_key_usage(rules, tbs));
    PKI_CHECK(check_extended_key_usage(rules, tbs));
    return check_extensions(tbs, kOurExtensions);
}

}  // namespace signerd
