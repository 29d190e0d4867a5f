// Distinguished names (RFC 5280 4.1.2.4), read as views, compared as RFC 5280 7.1 says.
#pragma once

#include <string>
#include <vector>

#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"

namespace pki::x509 {

struct NameAttribute {
    Bytes type;            // OID content
    std::uint8_t tag = 0;  // string type of the value
    Bytes value;           // content, as encoded
    Bytes encoding;        // AttributeTypeAndValue
    std::size_t rdn = 0;   // which RDN it stands in, from 0
};

struct Name {
    Bytes encoding;
    std::vector<NameAttribute> attributes;  // in the order of the encoding

    bool empty() const { return attributes.empty(); }
    const NameAttribute* find(Bytes type) const;  // the first one, or nullptr
};

// Accepts UTF8String, PrintableString, TeletexString (as Latin-1), IA5String, BMPString and
// UniversalString; the characters of each are checked, control characters refused. At most
// limits::kRdns attributes of limits::kAttributeValue bytes. Not checked: the order of the
// attributes within an RDN.
Result<Name> parse_name(Bytes encoding);

// The value as UTF-8, without control characters: parse_name() refuses them.
std::string attribute_text(const NameAttribute& attribute);

// RFC 4514 with the short names of attribute_name(); for audit records and people, last RDN
// first. Special characters are escaped; the value behind a dotted type is "#" and hexadecimal.
std::string name_text(const Name& name);

// RFC 5280 7.1: same RDNs in the same order, the attributes of one RDN in any order, values
// compared as UTF-8 whatever the string type: ASCII letters without case, spaces at the ends
// dropped and inner ones folded.
bool same_name(const Name& a, const Name& b);

// The name as a certificate holds it, for readers stricter than parse_name() (RFC 5280 4.1.2.4
// and A.1, X.690 11.6): the attributes of an RDN in DER's order; values in PrintableString with
// its own characters or UTF8String, but emailAddress and DC in IA5String, C in PrintableString,
// serialNumber and dnQualifier in it where their characters allow; in types not in oids.h and
// unstructuredName IA5String stays. A name that is so already is copied as it is, and the
// result is same_name() as the name. denied, with detail = the attribute: C that is not two
// letters, emailAddress or DC beyond ASCII, a value longer than the upper bounds of A.1 or, in
// UTF-8, than limits::kAttributeValue, an attribute type twice in one RDN.
Result<Buffer> canonical_name(const Name& name);

// "CN", "O", "serialNumber", … for types in oids.h, else the dotted OID.
std::string attribute_name(Bytes type);
// The inverse; accepts dotted OIDs too. Names compare without case.
Result<Buffer> attribute_type(std::string_view name);

// Writes a Name from (type OID content, UTF-8 value) pairs, one per RDN. C, serialNumber and
// dnQualifier as PrintableString, emailAddress and DC as IA5String, the rest UTF8String.
// malformed when a value does not fit its type, is empty or too long.
struct NamePart {
    Bytes type;
    std::string value;
};
Result<Buffer> build_name(const std::vector<NamePart>& parts);
// "CN=Demo Root, O=Example" in the order given (the first part becomes the first RDN), special
// characters escaped as in RFC 4514. One attribute per RDN; an empty text is the empty name; a
// value in hexadecimal ("#...") is unsupported.
Result<Buffer> name_from_text(std::string_view text);

}  // namespace pki::x509
