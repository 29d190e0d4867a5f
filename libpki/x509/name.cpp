#include "libpki/x509/name.h"

#include <compare>

#include "libpki/base/ascii.h"
#include "libpki/base/limits.h"
#include "libpki/x509/string_type.h"

namespace pki::x509 {

namespace {

// AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }
Result<NameAttribute> parse_attribute(der::Reader& set, std::size_t rdn) {
    const Bytes start = set.rest();
    const std::size_t offset = set.offset();
    PKI_TRY(der::Reader fields, set.enter(der::kSequence));
    NameAttribute attribute;
    attribute.rdn = rdn;
    attribute.encoding = start.first(start.size() - set.rest().size());
    PKI_TRY(attribute.type, fields.oid());
    PKI_TRY(const der::Element value, fields.any());
    PKI_CHECK(fields.finish());
    attribute.tag = value.tag;
    attribute.value = value.content;
    if (auto status = check_string(value.tag, value.content); !status) {
        status.error().offset = offset;
        status.error().detail = attribute_name(attribute.type);
        return std::move(status).error();
    }
    return attribute;
}

// Letters without case, white space at the ends dropped and inside folded (RFC 5280 7.1).
std::string comparable(const NameAttribute& attribute) {
    std::string out;
    for (const char c : attribute_text(attribute)) {
        if (c == ' ' && (out.empty() || out.back() == ' ')) continue;
        out += to_lower(c);
    }
    if (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

struct Comparable {
    std::size_t rdn;
    std::string_view type;
    std::string value;

    auto operator<=>(const Comparable&) const = default;
};

// RDNs keep their order; the attributes within one are a set.
std::vector<Comparable> comparable(const Name& name) {
    std::vector<Comparable> out;
    for (const NameAttribute& a : name.attributes)
        out.push_back({a.rdn, as_text(a.type), comparable(a)});
    std::ranges::sort(out);
    return out;
}

}  // namespace

const NameAttribute* Name::find(Bytes type) const {
    const auto found = std::ranges::find_if(
        attributes, [&](const NameAttribute& a) { return equal(a.type, type); });
    return found == attributes.end() ? nullptr : &*found;
}

// RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue. The order of
// the SET is not checked: it carries no meaning and devices get it wrong.
Result<Name> parse_name(Bytes encoding) {
    der::Reader input(encoding);
    PKI_TRY(der::Reader rdns, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    Name name{encoding, {}};
    for (std::size_t rdn = 0; !rdns.at_end(); rdn++) {
        PKI_TRY(der::Reader set, rdns.enter(der::kSet));
        if (set.at_end()) return fail(Errc::malformed, "name: empty RDN", set.offset());
        while (!set.at_end()) {
            if (name.attributes.size() == limits::kRdns)
                return fail(Errc::malformed, "name: too many attributes", set.offset());
            PKI_TRY(NameAttribute attribute, parse_attribute(set, rdn));
            name.attributes.push_back(attribute);
        }
    }
    return name;
}

std::string attribute_text(const NameAttribute& attribute) {
    return utf8_string(attribute.tag, attribute.value);
}

bool same_name(const Name& a, const Name& b) { return comparable(a) == comparable(b); }

}  // namespace pki::x509
