// UTF-8 (RFC 3629), strictly: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <optional>
#include <string>

#include "libpki/base/bytes.h"

namespace pki {

// Takes the first character off; nullopt when it is malformed or there is none.
std::optional<char32_t> take_utf8(Bytes& rest);

// The character must be a Unicode scalar value.
void append_utf8(std::string& to, char32_t character);

// C0, DEL and C1: what would let a value forge lines or colours of a log.
constexpr bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7f && c <= 0x9f); }

// UTF-8 without control characters.
bool is_plain_text(std::string_view text);

// At most `max` bytes of UTF-8, cut between characters and marked with an ellipsis where there
// is room: a name that lost its end must not pass for another one.
void cut_text(std::string& text, std::size_t max);

// Foreign bytes made fit for one line: controls, malformed bytes, '"' and "\" as \xNN, and
// "..." in the place of what is beyond `max` characters.
std::string printable(std::string_view text, std::size_t max);

}  // namespace pki
