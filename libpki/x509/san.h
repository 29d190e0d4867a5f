// subjectAltName (RFC 5280 4.2.1.6).
#pragma once

#include <string>
#include <vector>

#include "libpki/base/der_reader.h"

namespace pki::x509 {

// The values are the context tags of GeneralName.
enum class SanType : std::uint8_t {
    other_name = 0,
    email = 1,
    dns = 2,
    directory_name = 4,
    uri = 6,
    ip = 7,
    registered_id = 8,
};

struct GeneralName {
    SanType type = SanType::dns;
    Bytes value;       // content of the [n]: text for email, dns, uri; 4 or 16 bytes for ip;
                       // the Name SEQUENCE for directory_name; for other_name the DER
                       // inside its [0]
    Bytes other_type;  // other_name: its type-id (OID content)
    Bytes encoding;    // the GeneralName
};

struct San {
    Bytes encoding;  // the SEQUENCE, which is the content of the extension's OCTET STRING
    std::vector<GeneralName> names;
};

// At least one name, at most limits::kGeneralNames. dns, email and uri are printable ASCII
// without spaces; dns is made of labels of 1 to 63 letters, digits, "_" and, inside, "-", the
// last one not a number, 253 bytes in all, "*" may stand before the first dot, none at the end;
// email is one dot-string, "@" and such a host without "*"; uri is not relative; ip is 4 or 16
// bytes; a directory_name is not empty and as canonical_name() writes it. x400Address and
// ediPartyName are unsupported. Not checked: that the SAN is anybody's, and the content of an
// other_name beyond that it is one element.
Result<San> parse_san(Bytes encoding);

// "dns:device.example.com", "ip:192.0.2.1", "other:1.2.3:<hex>"; for audit records and rules.
std::string general_name_text(const GeneralName& name);
// "dns", "email", "uri", "ip", "dirname", "other", "rid".
std::string_view san_type_name(SanType type);

// Same set of names whatever their order; dns names and the hosts of email addresses without
// case, everything else byte by byte.
bool same_san(const San& a, const San& b);

// "dns:a.example", "ip:192.0.2.1" or "ip:2001:db8::1", "email:…", "uri:…": the whole
// SEQUENCE. For clients and tests.
Result<Buffer> build_san(const std::vector<std::string>& names);

}  // namespace pki::x509
