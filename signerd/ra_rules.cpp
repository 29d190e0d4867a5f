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

pki::Result<bool> has_name(const Ca& ca, const x509::Name& subject) {
    PKI_TRY(const x509::Name own, x509::parse_name(ca.subject));
    return x509::same_name(own, subject);
}

pki::Result<bool> has_key(const Ca& ca, const x509::Spki& key) {
    PKI_TRY(const auto certificate, x509::parse_certificate(ca.chain.front()));
    return pki::equal(certificate.tbs.spki.key_bits, key.key_bits);
}

}  // namespace

pki::Result<x509::Profile> ra_profile(std::uint32_t validity) {
    if (validity > kMostValidity) return fail(Errc::denied, "RA: validity above ten years");
    x509::Profile profile;
    profile.name = kRaProfile;
    for (const char* rule : {"rsa:2048-8192", "ec:P-256", "ec:P-384", "ec:P-521"}) {
        PKI_TRY(x509::KeyRule key, x509::parse_key_rule(rule));
        profile.keys.push_back(key);
    }
    for (const pki::Bytes type : kSubject) profile.subject[pki::to_buffer(type)] = {};
    profile.subject[pki::to_buffer(oid::kCommonName)].required = true;
    profile.key_usage = x509::kDigitalSignature | x509::kKeyEncipherment;
    profile.validity_seconds = validity != 0 ? validity : kDefaultValidity;
    static_assert(kMostValidity + 86400 <= kLongestRa);  // room for the backdating
    return profile;
}

pki::Status check_ra_request(const x509::Profile& profile, const x509::Csr& csr,
                             const Config& config) {
    PKI_CHECK(x509::check_request(profile, csr));
    for (const auto& [name, ca] : config.cas) {
        PKI_TRY(const bool same_key, has_key(ca, csr.spki));
        if (same_key) return fail(Errc::denied, "RA: the key is that of a CA", name);
        PKI_TRY(const bool same_name, has_name(ca, csr.subject));
        if (same_name) return fail(Errc::denied, "RA: the subject is that of a CA", name);
    }
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
