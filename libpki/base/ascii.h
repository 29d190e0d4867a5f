// Characters of ASCII, whatever the locale.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pki {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
// Printable and not a space.
constexpr bool is_graphic(char c) { return c > ' ' && c < 0x7f; }

constexpr bool one_of(char c, std::string_view set) { return set.find(c) != set.npos; }

constexpr char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string to_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = to_lower(c);
    return out;
}

inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return to_lower(x) == to_lower(y); });
}

// Nothing but digits, and no zeros in front: each number has one text.
inline std::optional<std::uint64_t> parse_decimal(std::string_view digits) {
    std::uint64_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, problem] = std::from_chars(digits.data(), end, value);
    if (digits.empty() || problem != std::errc() || stop != end) return std::nullopt;
    if (digits.size() > 1 && digits[0] == '0') return std::nullopt;
    return value;
}

}  // namespace pki
