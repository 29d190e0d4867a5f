#include "signerd/challenge/names.h"

#include <set>

#include "libpki/base/ascii.h"
#include "libpki/x509/oids.h"

namespace signerd {

namespace x509 = pki::x509;

namespace {

using Names = std::set<std::string>;

// 1.3.6.1.4.1.311.20.2.3, [MS-WCCE] 2.2.2.7.7.4
constexpr std::uint8_t kUserPrincipalName[] = {0x2b, 0x06, 0x01, 0x04, 0x01,
                                               0x82, 0x37, 0x14, 0x02, 0x03};

// A UTF8String.
std::optional<std::string> principal_name(const x509::GeneralName& name) {
    if (!pki::equal(name.other_type, kUserPrincipalName)) return std::nullopt;
    const auto text = pki::der::only(name.value, pki::der::kUtf8String);
    if (!text) return std::nullopt;
    return std::string(pki::as_text(text->content));
}

struct Found {
    Names dns, email, upn;
    bool others = false;

    void add(const x509::GeneralName& name) {
        const std::string text(pki::as_text(name.value));
        switch (name.type) {
            case x509::SanType::dns: dns.insert(pki::to_lower(text)); return;
            case x509::SanType::email: email.insert(text); return;
            case x509::SanType::other_name:
                if (const auto principal = principal_name(name)) {
                    upn.insert(*principal);
                    return;
                }
                break;
            default: break;
        }
        others = true;
    }
};

Names set_of(const std::vector<std::string>& names) { return {names.begin(), names.end()}; }

}  // namespace

std::optional<std::string> common_name(const x509::Csr& csr) {
    std::optional<std::string> found;
    for (const x509::NameAttribute& attribute : csr.subject.attributes) {
        if (!pki::equal(attribute.type, x509::oid::kCommonName)) continue;
        if (found) return std::nullopt;
        found = x509::attribute_text(attribute);
    }
    return found;
}

bool has_exactly(const x509::Csr& csr, const NameSets& names) {
    Found found;
    if (csr.san)
        for (const x509::GeneralName& name : csr.san->names) found.add(name);
    Names dns;
    for (const std::string& name : names.dns) dns.insert(pki::to_lower(name));
    return !found.others && found.dns == dns && found.email == set_of(names.email) &&
           found.upn == set_of(names.upn);
}

}  // namespace signerd
