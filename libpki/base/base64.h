// Base64 of RFC 4648 section 4, and hexadecimal.
#pragma once

#include <string>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace pki {

// One line, padded.
std::string base64_encode(Bytes bytes);

// Accepts white space anywhere (space, tab, CR, LF), as devices send it, and a
// missing padding. Refuses any other foreign character, data after the padding,
// and non-zero bits left over (RFC 4648 3.5), so that each value has one encoding.
Result<Buffer> base64_decode(Bytes text);

// Lower case.
std::string hex_encode(Bytes bytes);
Result<Buffer> hex_decode(std::string_view text);

}  // namespace pki
