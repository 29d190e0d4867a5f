#include "signerd/challenge/base64url.h"

#include <algorithm>

#include "libpki/base/ascii.h"
#include "libpki/base/base64.h"

namespace signerd {

std::string base64url_encode(pki::Bytes bytes) {
    std::string text = pki::base64_encode(bytes);
    text.resize(std::min(text.find('='), text.size()));
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    return text;
}

pki::Result<pki::Buffer> base64url_decode(std::string_view text) {
    const bool own = std::ranges::all_of(text, [](char c) {
        return pki::is_letter(c) || pki::is_digit(c) || pki::one_of(c, "-_");
    });
    if (!own) return pki::fail(pki::Errc::malformed, "base64url: foreign character");
    std::string standard(text);
    std::ranges::replace(standard, '-', '+');
    std::ranges::replace(standard, '_', '/');
    return pki::base64_decode(pki::as_bytes(standard));
}

}  // namespace signerd
