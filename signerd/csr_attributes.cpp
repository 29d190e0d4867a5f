#include "signerd/csr_attributes.h"

#include <algorithm>
#include <set>

#include "libpki/est/csr_attributes.h"
#include "libpki/wire/lookup.h"
#include "libpki/x509/oids.h"
#include "signerd/peer.h"

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;
using pki::Bytes;
using pki::Errc;
using pki::fail;

namespace {

// RFC 7030 4.5.2: where linking is required, challengePassword is named.
void add_channel_binding(pki::est::CsrDemands& demands) {
    const auto is_there = [](Bytes type) { return pki::equal(type, oid::kChallengePassword); };
    if (std::ranges::none_of(demands.attributes, is_there))
        demands.attributes.push_back(pki::to_buffer(oid::kChallengePassword));
}

bool is_key_usage(const Profile& profile, const x509::Csr& csr, std::uint16_t asked) {
    constexpr auto kEncipherment = x509::kKeyEncipherment | x509::kDataEncipherment;
    const std::uint16_t all = profile.rules.key_usage;
    // Of other keys the certificate does not have these (issue_tbs.cpp).
    const bool rsa = csr.spki.key.type == pki::ossl::KeyType::rsa;
    return asked == all || (!rsa && asked == (all & ~kEncipherment));
}

std::set<pki::Buffer> set_of(const auto& purposes) {
    std::set<pki::Buffer> set;
    for (const Bytes purpose : purposes) set.insert(pki::to_buffer(purpose));
    return set;
}

pki::Result<bool> has_value(const Profile& profile, const x509::Csr& csr,
                            const x509::Extension& extension) {
    if (pki::equal(extension.id, oid::kKeyUsage)) {
        PKI_TRY(const std::uint16_t asked, x509::parse_key_usage(extension.value));
        return is_key_usage(profile, csr, asked);
    }
    PKI_TRY(const auto asked, x509::parse_extended_key_usage(extension.value));
    return set_of(asked) == set_of(profile.rules.extended_key_usage);
}

}  // namespace

pki::Result<pki::Buffer> csr_attributes(Services&, const Request& request) {
    PKI_TRY(const auto asked, wire::decode<wire::CsrAttributesRequest>(request.frame));
    const Profile* const profile = request.generation->profile(asked.profile);
    if (profile == nullptr || !may_use(*request.peer, asked.profile))
        return fail(Errc::not_found, "no such profile");
    const CsrAttributesRules& rules = profile->est.csr_attributes;
    auto demands = pki::est::demands_of(profile->rules, rules.extensions);
    if (asked.channel_binding) add_channel_binding(demands);
    const pki::Buffer der = pki::est::write_csr_attributes(demands, rules.form);
    // Of rules that are longer than any client would read.
    if (der.size() > pki::limits::kCsrAttrs)
        return fail(Errc::internal, "the CSR attributes are too large");
    return wire::encode(wire::CsrAttributesReply{der}, request.to.id);
}

pki::Status check_csr_attributes(const Profile& profile, const x509::Csr& csr) {
    constexpr const char* kRule = "profile: est.csr_attributes";
    for (const Bytes id : profile.est.csr_attributes.extensions) {
        const std::string name =
            pki::equal(id, oid::kKeyUsage) ? "keyUsage" : "extendedKeyUsage";
        const x509::Extension* const extension = csr.extensions.find(id);
        if (extension == nullptr) return fail(Errc::denied, kRule, name + " is missing");
        PKI_TRY(const bool same, has_value(profile, csr, *extension));
        if (!same) return fail(Errc::denied, kRule, name + " is not as csrattrs has it");
    }
    return {};
}

}  // namespace signerd
