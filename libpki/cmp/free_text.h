// PKIFreeText ::= SEQUENCE SIZE (1..MAX) OF UTF8String (RFC 9810 5.1.1).
#pragma once

#include <string>

#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"

namespace pki::cmp {

// The next element. The first text; others say the same in other languages. malformed: more
// than limits::kCmpFreeText of them, none, or what is not UTF-8. Not checked: control
// characters, which only who shows a text can do something about.
Result<std::string> read_free_text(der::Reader& fields);

// UTF-8, one text.
void write_free_text(der::Writer& writer, std::string_view text);

}  // namespace pki::cmp
