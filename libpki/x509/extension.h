// Extensions (RFC 5280 4.1.2.9), of requests and of certificates.
#pragma once

#include <optional>
#include <vector>

#include "libpki/base/der_reader.h"

namespace pki::x509 {

struct Extension {
    Bytes id;  // OID content
    bool critical = false;
    Bytes value;  // content of extnValue
};

struct Extensions {
    std::vector<Extension> list;
    const Extension* find(Bytes id) const;
};

// From the SEQUENCE OF Extension, which may be empty: some devices ask for no extension in
// that way. The same id twice is malformed (RFC 5280 4.2). Not checked: the values, which the
// functions below read.
Result<Extensions> parse_extensions(Bytes encoding);

// Bits of KeyUsage in the order of RFC 5280 4.2.1.3.
enum KeyUsage : std::uint16_t {
    kDigitalSignature = 1 << 0,
    kNonRepudiation = 1 << 1,
    kKeyEncipherment = 1 << 2,
    kDataEncipherment = 1 << 3,
    kKeyAgreement = 1 << 4,
    kKeyCertSign = 1 << 5,
    kCrlSign = 1 << 6,
    kEncipherOnly = 1 << 7,
    kDecipherOnly = 1 << 8,
};
// At least one bit is set; trailing zero bits are accepted.
Result<std::uint16_t> parse_key_usage(Bytes value);

// Purposes as OID contents, at least one.
Result<std::vector<Bytes>> parse_extended_key_usage(Bytes value);

struct BasicConstraints {
    bool ca = false;
    std::optional<std::uint64_t> path_length;
};
Result<BasicConstraints> parse_basic_constraints(Bytes value);

// The keyIdentifier of AuthorityKeyIdentifier, empty when absent; and that of
// SubjectKeyIdentifier.
Result<Bytes> parse_authority_key_identifier(Bytes value);
Result<Bytes> parse_subject_key_identifier(Bytes value);

}  // namespace pki::x509
