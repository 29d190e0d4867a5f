#include "libpki/base/base64.h"

#include <array>

namespace pki {

namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum : std::uint8_t { kForeign = 0xff, kSpace = 0xfe, kPad = 0xfd };

constexpr std::array<std::uint8_t, 256> make_table() {
    std::array<std::uint8_t, 256> table{};
    table.fill(kForeign);
    for (std::uint8_t i = 0; i < 64; i++) table[static_cast<std::uint8_t>(kAlphabet[i])] = i;
    for (const char c : {' ', '\t', '\r', '\n'}) table[static_cast<std::uint8_t>(c)] = kSpace;
    table['='] = kPad;
    return table;
}

constexpr std::array<std::uint8_t, 256> kTable = make_table();

// -1: not a digit.
int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string base64_encode(Bytes bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3) {
        const unsigned group =
            static_cast<unsigned>(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
        for (int shift = 18; shift >= 0; shift -= 6) out += kAlphabet[group >> shift & 63];
    }
    const std::size_t left = bytes.size() - i;
    if (left != 0) {
        const unsigned group =
            static_cast<unsigned>(bytes[i] << 16 | (left == 2 ? bytes[i + 1] << 8 : 0));
        out += kAlphabet[group >> 18 & 63];
        out += kAlphabet[group >> 12 & 63];
        out += left == 2 ? kAlphabet[group >> 6 & 63] : '=';
        out += '=';
    }
    return out;
}

Result<Buffer> base64_decode(Bytes text) {
    Buffer out;
    out.reserve(text.size() / 4 * 3 + 3);
    unsigned bits = 0;
    int symbols = 0, padding = 0;
    for (std::size_t i = 0; i < text.size(); i++) {
        const std::uint8_t value = kTable[text[i]];
        if (value == kSpace) continue;
        if (value == kForeign) return fail(Errc::malformed, "base64: foreign character", i);
        if (value == kPad) {
            if (++padding + symbols > 4 || symbols < 2)
                return fail(Errc::malformed, "base64: misplaced padding", i);
            continue;
        }
        if (padding != 0) return fail(Errc::malformed, "base64: data after padding", i);
        bits = bits << 6 | value;
        if (++symbols < 4) continue;
        out.push_back(static_cast<std::uint8_t>(bits >> 16));
        out.push_back(static_cast<std::uint8_t>(bits >> 8));
        out.push_back(static_cast<std::uint8_t>(bits));
        bits = 0;
        symbols = 0;
    }
    if (symbols == 1 || (padding != 0 && symbols + padding != 4))
        return fail(Errc::malformed, "base64: truncated", text.size());
    const unsigned left_over = symbols == 2 ? bits & 0xf : symbols == 3 ? bits & 0x3 : 0;
    if (left_over != 0) return fail(Errc::malformed, "base64: bits left over", text.size());
    if (symbols >= 2)
        out.push_back(static_cast<std::uint8_t>(symbols == 2 ? bits >> 4 : bits >> 10));
    if (symbols == 3) out.push_back(static_cast<std::uint8_t>(bits >> 2));
    return out;
}

std::string hex_encode(Bytes bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const std::uint8_t octet : bytes) {
        out += kDigits[octet >> 4];
        out += kDigits[octet & 15];
    }
    return out;
}

Result<Buffer> hex_decode(std::string_view text) {
    if (text.size() % 2 != 0) return fail(Errc::malformed, "hex: odd number of digits");
    Buffer out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0) return fail(Errc::malformed, "hex: not a digit", i);
        out.push_back(static_cast<std::uint8_t>(high << 4 | low));
    }
    return out;
}

}  // namespace pki
