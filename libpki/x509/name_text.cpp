// Names as text (RFC 4514), and from text.
#include "libpki/base/ascii.h"
#include "libpki/base/base64.h"
#include "libpki/x509/name.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

struct TypeName {
    Bytes type;
    std::string_view name;
};

// The first name of a type is the one that we write.
constexpr TypeName kTypeNames[] = {
    {oid::kCommonName, "CN"},
    {oid::kSurname, "SN"},
    {oid::kSerialNumber, "serialNumber"},
    {oid::kCountry, "C"},
    {oid::kLocality, "L"},
    {oid::kState, "ST"},
    {oid::kStreet, "street"},
    {oid::kOrganization, "O"},
    {oid::kOrganizationalUnit, "OU"},
    {oid::kTitle, "title"},
    {oid::kPostalCode, "postalCode"},
    {oid::kGivenName, "GN"},
    {oid::kDnQualifier, "dnQualifier"},
    {oid::kPseudonym, "pseudonym"},
    {oid::kOrganizationIdentifier, "organizationIdentifier"},
    {oid::kUserId, "UID"},
    {oid::kDomainComponent, "DC"},
    {oid::kEmailAddress, "emailAddress"},
    {oid::kUnstructuredName, "unstructuredName"},
    {oid::kUnstructuredAddress, "unstructuredAddress"},
    {oid::kSurname, "surname"},
    {oid::kGivenName, "givenName"},
};

const TypeName* find_type(Bytes type) {
    for (const TypeName& entry : kTypeNames)
        if (equal(entry.type, type)) return &entry;
    return nullptr;
}

// RFC 4514 2.4.
constexpr std::string_view kSpecial = "\"+,;<>\\";

std::string escaped(std::string_view value) {
    std::string out;
    for (std::size_t i = 0; i < value.size(); i++) {
        const char c = value[i];
        const bool edge_space = c == ' ' && (i == 0 || i + 1 == value.size());
        if (edge_space || (c == '#' && i == 0) || one_of(c, kSpecial)) out += '\\';
        out += c;
    }
    return out;
}

// RFC 4514 2.3 and 2.4: the value behind a dotted type is its DER in hexadecimal.
std::string attribute_pair(const NameAttribute& attribute) {
    if (const TypeName* known = find_type(attribute.type))
        return std::string(known->name) + '=' + escaped(attribute_text(attribute));
    const Bytes value(attribute.type.data() + attribute.type.size(),
                      attribute.encoding.data() + attribute.encoding.size());
    return oid_to_text(attribute.type) + "=#" + hex_encode(value);
}

}  // namespace

std::string attribute_name(Bytes type) {
    const TypeName* known = find_type(type);
    return known ? std::string(known->name) : oid_to_text(type);
}

Result<Buffer> attribute_type(std::string_view name) {
    for (const TypeName& entry : kTypeNames)
        if (equal_ignoring_case(entry.name, name)) return to_buffer(entry.type);
    if (!name.empty() && is_digit(name[0])) return oid_from_text(name);
    return fail(Errc::malformed, "name: unknown attribute type", std::string(name));
}

std::string name_text(const Name& name) {
    std::string out;
    for (std::size_t end = name.attributes.size(); end != 0;) {
        std::size_t begin = end - 1;
        while (begin > 0 && name.attributes[begin - 1].rdn == name.attributes[end - 1].rdn)
            begin--;
        for (std::size_t i = begin; i < end; i++) {
            if (i != begin)
                out += '+';
            else if (!out.empty())
                out += ',';
            out += attribute_pair(name.attributes[i]);
        }
        end = begin;
    }
    return out;
}

}  // namespace pki::x509
