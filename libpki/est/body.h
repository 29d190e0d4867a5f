// Bodies of EST: base64 of DER (RFC 8951 section 3), and the forms that devices really send.
#pragma once

#include <string>
#include <vector>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace pki::est {

// The DER of a CSR out of a request body: base64 with any white space, PEM ("CERTIFICATE
// REQUEST" and "NEW CERTIFICATE REQUEST") with nothing but white space around it, or raw DER.
// At most limits::kBody bytes in, limits::kCsr out. Not checked: that it is a CSR.
Result<Buffer> decode_csr_body(Bytes body);

// base64 of a certs-only CMS, on one line: strongSwan 5.9.8 counts line breaks as data.
std::string certs_only_body(const std::vector<Bytes>& certificates);

// Does a Content-Type name this media type? Case and parameters are ignored.
bool media_type_is(std::string_view header, std::string_view media_type);

// application/pkcs10, and application/x-pem-file as Cisco IOS 15 sends it.
bool is_csr_media_type(std::string_view header);

}  // namespace pki::est
