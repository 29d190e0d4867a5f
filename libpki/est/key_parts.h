// The answer to serverkeygen (RFC 7030 4.4.2): multipart/mixed of a private key and the
// certificates that belong to it.
#pragma once

#include <string_view>
#include <vector>

#include "libpki/base/result.h"
#include "libpki/base/secret.h"

namespace pki::est {

// The Content-Type of what key_parts_body() writes. No "-" stands in base64, so no line of it
// is taken for a delimiter.
inline constexpr std::string_view kKeyPartsType =
    "multipart/mixed; boundary=est-private-key-and-certificate";

// The private key as PKCS#8 or, when it is `sealed`, as EnvelopedData in a ContentInfo: base64
// in lines of 64 characters, with the Content-Transfer-Encoding of RFC 7030 4.4.2, which RFC
// 8951 3.2.4 has left out and MIME readers need.
Secret key_parts_body(Bytes private_key, bool sealed, const std::vector<Bytes>& certificates);

struct KeyParts {
    Secret private_key;  // DER, one of the two
    bool sealed = false;
    Buffer certificates;  // certs-only CMS: x509::parse_certs_only() reads it
};

// The client's side: `content_type` is the response's. Either order, CRLF or LF, and what is
// around the parts; white space in base64, whatever Content-Transfer-Encoding says (RFC 8951
// 3). At most limits::kScepMessage octets. malformed: not exactly one of each part;
// unsupported: no multipart/mixed with a boundary. Not checked: what the parts hold.
Result<KeyParts> parse_key_parts(std::string_view content_type, Bytes body);

}  // namespace pki::est
