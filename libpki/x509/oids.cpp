#include "libpki/x509/oids.h"

#include "libpki/base/ascii.h"
#include "libpki/base/base64.h"

namespace pki::x509 {

namespace {

void append_arc(Buffer& out, std::uint64_t arc) {
    int shift = 0;
    while (shift < 63 && arc >> (shift + 7) != 0) shift += 7;
    for (; shift > 0; shift -= 7)
        out.push_back(static_cast<std::uint8_t>(0x80 | (arc >> shift & 0x7f)));
    out.push_back(static_cast<std::uint8_t>(arc & 0x7f));
}

// The number up to the next dot.
std::optional<std::uint64_t> take_arc(std::string_view& dotted) {
    const std::string_view digits = dotted.substr(0, dotted.find('.'));
    dotted.remove_prefix(digits.size());
    return parse_decimal(digits);
}

bool take_dot(std::string_view& dotted) {
    if (dotted.empty() || dotted[0] != '.') return false;
    dotted.remove_prefix(1);
    return true;
}

}  // namespace

// X.690 8.19.4: the first two arcs share one number.
Result<Buffer> oid_from_text(std::string_view dotted) {
    const Error malformed =
        fail(Errc::malformed, "OID: not in dotted form", std::string(dotted));
    const auto first = take_arc(dotted);
    if (!first || *first > 2 || !take_dot(dotted)) return malformed;
    const auto second = take_arc(dotted);
    if (!second || (*first < 2 && *second > 39) || *second > UINT64_MAX - 80) return malformed;
    Buffer content;
    append_arc(content, *first * 40 + *second);
    while (!dotted.empty()) {
        if (!take_dot(dotted)) return malformed;
        const auto arc = take_arc(dotted);
        if (!arc) return malformed;
        append_arc(content, *arc);
    }
    return content;
}

std::string oid_to_text(Bytes content) {
    std::string text;
    std::uint64_t arc = 0;
    for (const std::uint8_t octet : content) {
        if (arc >> 57 != 0) return "hex:" + hex_encode(content);
        arc = arc << 7 | (octet & 0x7f);
        if (octet & 0x80) continue;
        if (text.empty()) {
            const std::uint64_t root = std::min<std::uint64_t>(arc / 40, 2);
            text = std::to_string(root);
            arc -= root * 40;
        }
        text += '.' + std::to_string(arc);
        arc = 0;
    }
    return text;
}

}  // namespace pki::x509
