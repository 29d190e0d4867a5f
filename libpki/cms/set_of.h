// The order of a SET OF (X.690 11.6).
#pragma once

#include <vector>

#include "libpki/base/bytes.h"

namespace pki::cms {

// The elements one behind the other, in the order of their encodings.
Buffer join_sorted(std::vector<Bytes> elements);

}  // namespace pki::cms
