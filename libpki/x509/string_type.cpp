#include "libpki/x509/string_type.h"

#include "libpki/base/ascii.h"
#include "libpki/base/limits.h"
#include "libpki/base/utf8.h"

namespace pki::x509 {

namespace {

// BMPString and UniversalString: two or four octets a character, big-endian. BMPString
// is UCS-2, so a pair of surrogates is no character either (X.680 41.15).
std::optional<char32_t> take_wide(Bytes& rest, std::size_t octets) {
    if (rest.size() < octets) return std::nullopt;
    char32_t character = 0;
    for (const std::uint8_t octet : rest.first(octets)) character = character << 8 | octet;
    const bool surrogate = character >= 0xd800 && character <= 0xdfff;
    if (surrogate || character > 0x10ffff) return std::nullopt;
    rest = rest.subspan(octets);
    return character;
}

std::optional<char32_t> take_octet(Bytes& rest, std::uint8_t highest) {
    if (rest.empty() || rest[0] > highest) return std::nullopt;
    const char32_t character = rest[0];
    rest = rest.subspan(1);
    return character;
}

// PrintableString holds ASCII here, not only its own 74 characters: devices put "@", "*",
// "_" and "&" in it. TeletexString is read as Latin-1, as all that write it mean it.
std::optional<char32_t> take_character(std::uint8_t tag, Bytes& rest) {
    switch (tag) {
        case der::kUtf8String: return take_utf8(rest);
        case der::kPrintableString:
        case der::kIa5String: return take_octet(rest, 0x7f);
        case der::kTeletexString: return take_octet(rest, 0xff);
        case der::kBmpString: return take_wide(rest, 2);
        case der::kUniversalString: return take_wide(rest, 4);
    }
    return std::nullopt;
}

}  // namespace

Status check_string(std::uint8_t tag, Bytes value) {
    if (value.empty()) return fail(Errc::malformed, "string: empty");
    if (value.size() > limits::kAttributeValue)
        return fail(Errc::malformed, "string: too long");
    while (!value.empty()) {
        const auto character = take_character(tag, value);
        if (!character)
            return fail(Errc::malformed, "string: unknown type, or character outside its type");
        if (is_control(*character)) return fail(Errc::malformed, "string: control character");
    }
    return {};
}

std::size_t string_length(std::uint8_t tag, Bytes value) {
    std::size_t length = 0;
    while (take_character(tag, value)) length++;
    return length;
}

std::string utf8_string(std::uint8_t tag, Bytes value) {
    std::string text;
    text.reserve(value.size());
    while (const auto character = take_character(tag, value)) append_utf8(text, *character);
    return text;
}

// Room for the longest text at once: it may be a secret, of which no copy stays behind.
std::optional<std::string> whole_text(std::uint8_t tag, Bytes value) {
    constexpr std::size_t kLongest = 4;  // octets of a character
    std::string text;
    text.reserve(value.size() * kLongest);
    while (!value.empty()) {
        const auto character = take_character(tag, value);
        if (!character) return std::nullopt;
        append_utf8(text, *character);
    }
    return text;
}

bool is_printable_string(std::string_view value) {
    return std::ranges::all_of(
        value, [](char c) { return is_letter(c) || is_digit(c) || one_of(c, " '()+,-./:=?"); });
}

}  // namespace pki::x509
