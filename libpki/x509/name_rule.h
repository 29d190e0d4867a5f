// What RFC 5280 A.1 says of the attributes of names, for what we write.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libpki/base/bytes.h"

namespace pki::x509 {

struct NameRule {
    std::uint8_t tag;         // UTF8String for what is a DirectoryString
    std::size_t max;          // characters; limits::kAttributeValue where A.1 has no bound
    bool ia5_string = false;  // IA5String is as good as `tag`
};

NameRule name_rule(Bytes type);

}  // namespace pki::x509
