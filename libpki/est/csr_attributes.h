// What a server asks of the CSRs that it gets: CsrAttrs (RFC 7030 4.5.2), in the form of
// attributes (RFC 9908 3.2) and of a template (RFC 9908 3.4).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"
#include "libpki/x509/profile.h"

namespace pki::est {

struct KeyDemand {
    Buffer algorithm;          // OID content: kRsaEncryption, kEcPublicKey, kEd25519, …
    Buffer curve;              // OID content of a named curve; empty: none is named
    std::size_t rsa_bits = 0;  // 0: none are named

    bool operator==(const KeyDemand&) const = default;
};

struct SubjectDemand {
    Buffer type;   // OID content
    Buffer value;  // DER of the AttributeValue; empty: the client's choice

    bool operator==(const SubjectDemand&) const = default;
};

struct ExtensionDemand {
    Buffer id;  // OID content
    bool critical = false;
    std::optional<Buffer> value;  // content of extnValue; none: the client's choice

    bool operator==(const ExtensionDemand&) const = default;
};

struct CsrDemands {
    std::optional<KeyDemand> key;
    std::vector<SubjectDemand> subject;  // in the order of the name, an RDN each
    std::vector<ExtensionDemand> extensions;
    // Types of attributes of the CSR, OID contents: challengePassword, for one. As read from
    // the form of attributes also what is known as nothing else, such as signature algorithms.
    std::vector<Buffer> attributes;

    bool empty() const {
        return !key && subject.empty() && extensions.empty() && attributes.empty();
    }
    bool operator==(const CsrDemands&) const = default;
};

enum class CsrAttributesForm : std::uint8_t {
    attributes,        // RFC 7030 4.5.2
    request_template,  // RFC 9908 3.4 alone
    both,              // who knows the template looks at nothing else
};

// What `profile` demands, so that a CSR which follows is one that check_request() accepts as
// far as these parts go: the required attributes of the subject and of the CSR, the SAN where
// one is required, the key where all of `keys` are of one type. Values are told where the
// profile leaves a single one; of several keys that of the first rule, of a range of sizes the
// smallest. `extensions` names further ones (kKeyUsage, kExtendedKeyUsage) whose value is the
// profile's; that the CSR has them is for the caller to check.
CsrDemands demands_of(const x509::Profile& profile, std::span<const Bytes> extensions);

// DER of CsrAttrs; empty where nothing is demanded. An attribute of a template has no value to
// tell: its SET is empty.
Buffer write_csr_attributes(const CsrDemands& demands, CsrAttributesForm form);

// RFC 9908 section 4: of a template, where there is one, and of nothing else. malformed beyond
// limits::kCsrAttrs bytes, for a second template, key or request for extensions, and where one
// of these is not in its form; any other attribute is kept by its type (RFC 7030 4.5.2: what is
// not known is ignored). Not checked: that the values fit their types.
Result<CsrDemands> parse_csr_attributes(Bytes der);

}  // namespace pki::est
