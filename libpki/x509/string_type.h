// The string types of names (RFC 5280 4.1.2.4) read as Unicode.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libpki/base/der_reader.h"

namespace pki::x509 {

// Characters that the type allows, none of them a control character; not empty, at most
// limits::kAttributeValue bytes as encoded. `value` is the content of the element.
Status check_string(std::uint8_t tag, Bytes value);

// Only the characters of PrintableString (X.680 41.4): what we write is strict, whatever
// check_string() forgives.
bool is_printable_string(std::string_view value);

// Characters of a value that check_string() accepts.
std::size_t string_length(std::uint8_t tag, Bytes value);

// UTF-8 of a value that check_string() accepts.
std::string utf8_string(std::uint8_t tag, Bytes value);

// UTF-8 of a value that nobody has checked, of any length, control characters and all. nullopt
// where it is not made of the characters of its type.
std::optional<std::string> whole_text(std::uint8_t tag, Bytes value);

}  // namespace pki::x509
