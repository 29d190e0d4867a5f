#include "signerd/keys/tbs_check.h"

#include <algorithm>

#include "libpki/x509/algorithm.h"
#include "libpki/x509/oids.h"
#include "signerd/keys/crl_check.h"
#include "signerd/successor.h"

namespace signerd {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::size_t kMinSerial = 8;  // octets: 64 bits of randomness
constexpr std::uint8_t kAnyExtendedKeyUsage[] = {0x55, 0x1d, 0x25, 0x00};

constexpr pki::Bytes kOurExtensions[] = {
    oid::kSubjectKeyIdentifier,  oid::kKeyUsage,         oid::kSubjectAltName,
    oid::kBasicConstraints,      oid::kExtendedKeyUsage, oid::kAuthorityKeyIdentifier,
    oid::kCrlDistributionPoints, oid::kTlsFeature,       oid::kAuthorityInfoAccess,
};

pki::Error denied(const char* text) { return pki::fail(pki::Errc::denied, text); }

// RFC 5280 4.1.2.2, upper bound in parse_tbs().
pki::Status check_serial(const x509::Tbs& tbs) {
    if (tbs.serial.size() < kMinSerial) return denied("TBS: serial number too short");
    return {};
}

pki::Status check_issuer(const CaRules& rules, const x509::Tbs& tbs) {
    if (!pki::equal(tbs.issuer.encoding, rules.subject))
        return denied("TBS: issuer is not the CA");
    if (!pki::equal(tbs.signature_algorithm, rules.signature_algorithm))
        return denied("TBS: signature algorithm is not the CA's");
    // RFC 5280 4.2.1.1: there in every certificate that a CA issues; so the version is 3.
    const auto* aki = tbs.extensions.find(oid::kAuthorityKeyIdentifier);
    if (aki == nullptr) return denied("TBS: no authority key identifier");
    PKI_TRY(const pki::Bytes id, x509::parse_authority_key_identifier(aki->value));
    if (!pki::equal(id, rules.key_identifier))
        return denied("TBS: authority key identifier is not the CA's");
    return {};
}

// Strict parsers read what we sign; the front has made it so.
pki::Status check_subject(const x509::Tbs& tbs) {
    PKI_TRY(const pki::Buffer canonical, x509::canonical_name(tbs.subject));
    if (!pki::equal(canonical, tbs.subject.encoding))
        return denied("TBS: subject is not canonical");
    return {};
}

// A day of skew: no more is needed to date a certificate, and no less to bear a clock that a
// time server has just corrected.
pki::Status check_validity(const CaRules& rules, const x509::Tbs& tbs, std::int64_t now) {
    if (tbs.not_before < rules.not_before || tbs.not_after > rules.not_after)
        return denied("TBS: validity outside the CA's");
    if (tbs.not_after - tbs.not_before > rules.longest)
        return denied("TBS: validity longer than any profile's");
    if (tbs.not_before < now - rules.backdate - kDay || tbs.not_before > now + kDay)
        return denied("TBS: does not begin now");
    return {};
}

pki::Status check_not_ca(const x509::Tbs& tbs) {
    const auto* extension = tbs.extensions.find(oid::kBasicConstraints);
    if (extension == nullptr) return denied("TBS: no basic constraints");
    PKI_TRY(const auto constraints, x509::parse_basic_constraints(extension->value));
    if (constraints.ca) return denied("TBS: CA certificate");
    return {};
}

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

pki::Status check_extensions_known(const x509::Tbs& tbs) {
    const auto ours = [](const x509::Extension& extension) {
        return std::ranges::any_of(kOurExtensions,
                                   [&](pki::Bytes id) { return pki::equal(id, extension.id); });
    };
    if (!std::ranges::all_of(tbs.extensions.list, ours))
        return denied("TBS: foreign extension");
    return {};
}

pki::Buffer algorithm_of(const pki::ossl::SignatureScheme& scheme) {
    pki::der::Writer writer;
    x509::write_signature_algorithm(writer, scheme);
    return std::move(writer).take();
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
    PKI_CHECK(check_not_ca(tbs));
    PKI_CHECK(check_key_usage(rules, tbs));
    PKI_CHECK(check_extended_key_usage(rules, tbs));
    return check_extensions_known(tbs);
}

}  // namespace signerd
