// Base64url of RFC 4648 section 5 without padding, as tokens are written.
#pragma once

#include <string>
#include <string_view>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace signerd {

std::string base64url_encode(pki::Bytes bytes);

// Strict: no padding, no white space, no bits left over, so that a value has one text.
pki::Result<pki::Buffer> base64url_decode(std::string_view text);

}  // namespace signerd
