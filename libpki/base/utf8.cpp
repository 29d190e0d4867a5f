#include "libpki/base/utf8.h"

#include <algorithm>

#include "libpki/base/base64.h"

namespace pki {

namespace {

struct Lead {
    std::size_t octets;  // of the whole character; 0: no lead octet
    char32_t bits;
    char32_t least;  // below it the form is overlong
};

Lead read_lead(std::uint8_t octet) {
    if (octet < 0x80) return {1, octet, 0};
    if ((octet & 0xe0) == 0xc0) return {2, octet & 0x1fu, 0x80};
    if ((octet & 0xf0) == 0xe0) return {3, octet & 0x0fu, 0x800};
    if ((octet & 0xf8) == 0xf0) return {4, octet & 0x07u, 0x10000};
    return {0, 0, 0};
}

}  // namespace

std::optional<char32_t> take_utf8(Bytes& rest) {
    if (rest.empty()) return std::nullopt;
    const Lead lead = read_lead(rest[0]);
    if (lead.octets == 0 || rest.size() < lead.octets) return std::nullopt;
    char32_t character = lead.bits;
    for (const std::uint8_t octet : rest.subspan(1, lead.octets - 1)) {
        if ((octet & 0xc0) != 0x80) return std::nullopt;
        character = character << 6 | (octet & 0x3fu);
    }
    const bool surrogate = character >= 0xd800 && character <= 0xdfff;
    if (character < lead.least || surrogate || character > 0x10ffff) return std::nullopt;
    rest = rest.subspan(lead.octets);
    return character;
}

void append_utf8(std::string& to, char32_t c) {
    const auto put = [&](char32_t octet) { to += static_cast<char>(octet); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xc0 | c >> 6);
        put(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        put(0xe0 | c >> 12);
        put(0x80 | (c >> 6 & 0x3f));
        put(0x80 | (c & 0x3f));
    } else {
        put(0xf0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3f));
        put(0x80 | (c >> 6 & 0x3f));
        put(0x80 | (c & 0x3f));
    }
}

// Most texts are ASCII, and every field of every audit record comes by here.
bool is_plain_text(std::string_view text) {
    const auto printable_ascii = [](unsigned char c) { return c >= 0x20 && c < 0x7f; };
    if (std::ranges::all_of(text, printable_ascii)) return true;
    Bytes rest = as_bytes(text);
    while (!rest.empty()) {
        const auto character = take_utf8(rest);
        if (!character || is_control(*character)) return false;
    }
    return true;
}

void cut_text(std::string& text, std::size_t max) {
    constexpr std::string_view kEllipsis = "\xe2\x80\xa6";
    if (text.size() <= max) return;
    const std::string_view mark = max >= kEllipsis.size() ? kEllipsis : std::string_view();
    std::size_t end = max - mark.size();
    while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xc0) == 0x80) end--;
    text.resize(end);
    text += mark;
}

std::string printable(std::string_view text, std::size_t max) {
    std::string out;
    Bytes rest = as_bytes(text);
    for (std::size_t count = 0; !rest.empty(); count++) {
        if (count == max) return out + "...";
        const Bytes before = rest;
        const auto character = take_utf8(rest);
        if (!character) rest = rest.subspan(1);
        const Bytes taken = before.first(before.size() - rest.size());
        const bool plain =
            character && !is_control(*character) && *character != '"' && *character != '\\';
        if (plain) {
            out += as_text(taken);
            continue;
        }
        for (const std::uint8_t octet : taken) out += "\\x" + hex_encode({&octet, 1});
    }
    return out;
}

}  // namespace pki
