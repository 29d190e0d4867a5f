#include "signerd/ra_rules.h"

#include "libpki/x509/oids.h"
#include "signerd/keys/ra_check.h"
#include "signerd/ra.h"

namespace signerd {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;
using pki::Errc;
using pki::fail;

namespace {

constexpr std::int64_t kDefaultValidity = 730 * std::int64_t{86400};
constexpr std::int64_t kMostValidity = 3653 * std::int64_t{86400};  // ten years

// What names an organisation and a service of it.
constexpr pki::Bytes kSubject[] = {
    oid::kCommonName,   oid::kOrganization, oid::kOrganizationalUnit,     oid::kCountry,
    oid::kState,        oid::kLocality,     oid::kOrganizationIdentifier, oid::kDomainComponent,
    oid::kSerialNumber, oid::kEmailAddress,
};

// Of one certificate in the chain of a CA, the root's included.
pki::Status check_differs(const x509::Csr& csr, pki::Bytes der, const std::string& ca) {
    PKI_TRY(const auto certificate, x509::parse_certificate(der));
    if (pki::equal(certificate.tbs.spki.key_bits, csr.spki.key_bits))
        return fail(Errc::denied, "RA: the key is that of a CA", ca);
    if (x509::same_name(certificate.tbs.subject, csr.subject))
        return fail(Errc::denied, "RA: the subject is that of a CA", ca);
    return {};
}

// Those that ra_usage() has a usage for.
pki::Result<std::vector<x509::KeyRule>> ra_keys(const RaPurpose& purpose) {
    std::vector<const char*> rules{"rsa:2048-8192", "ec:P-256", "ec:P-384", "ec:P-521"};
    if (purpose.cmp) rules.push_back("ed25519");
    if (purpose.cmp && !purpose.key_generation) rules.push_back("ed448");
    std::vector<x509::KeyRule> keys;
    for (const char* rule : rules) {
        PKI_TRY(const x509::KeyRule key, x509::parse_key_rule(rule));
        keys.push_back(key);
    }
    return keys;
}

std::vector<pki::Buffer> ra_purposes(const RaPurpose& purpose) {
    std::vector<pki::Buffer> purposes;
    if (purpose.cmp) purposes.push_back(pki::to_buffer(oid::kCmcRa));
    if (purpose.key_generation) purposes.push_back(pki::to_buffer(oid::kCmKga));
    return purposes;
}

}  // namespace

pki::Result<x509::Profile> ra_profile(const pki::wire::RaIssueRequest& asked,
                                      const x509::Spki& key) {
    if (asked.validity > kMostValidity)
        return fail(Errc::denied, "RA: validity above ten years");
    if (asked.key_generation && !asked.cmp)
        return fail(Errc::denied, "RA: keys are generated for CMP alone");
    const RaPurpose purpose{asked.cmp, asked.key_generation};
    x509::Profile profile;
    profile.name = kRaProfile;
    PKI_TRY(profile.keys, ra_keys(purpose));
    for (const pki::Bytes type : kSubject) profile.subject[pki::to_buffer(type)] = {};
    profile.subject[pki::to_buffer(oid::kCommonName)].required = true;
    profile.key_usage = ra_usage(key.key, purpose);
    profile.extended_key_usage = ra_purposes(purpose);
    profile.validity_seconds = asked.validity != 0 ? asked.validity : kDefaultValidity;
    static_assert(kMostValidity + 86400 <= kLongestRa);  // room for the backdating
    return profile;
}

pki::Status check_ra_request(const x509::Profile& profile, const x509::Csr& csr,
                             const Config& config) {
    PKI_CHECK(x509::check_request(profile, csr));
    for (const auto& [name, ca] : config.cas)
        for (const pki::Buffer& der : ca.chain) PKI_CHECK(check_differs(csr, der, name));
    return {};
}

pki::Result<const Ca*> ra_issuer(const Config& config, std::string_view name) {
    if (name.empty() && config.cas.size() > 1)
        return fail(Errc::conflict, "there are several CAs, name one");
    const auto found = name.empty() ? config.cas.begin() : config.cas.find(std::string(name));
    if (found == config.cas.end()) return fail(Errc::not_found, "no such CA");
    return &found->second;
}

}  // namespace signerd
