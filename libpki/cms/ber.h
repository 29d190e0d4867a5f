// DER out of BER, for the readers of CMS: some devices send indefinite lengths.
#pragma once

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace pki::cms {

// Lengths become definite and minimal (X.690 8.1.3), constructed strings primitive (8.7.3,
// 8.23); everything else is copied as it is, so a SET OF keeps its order and the result is DER
// in lengths only. What is encoded inside an OCTET STRING is not touched.
//
// Not joined: a constructed string with a context tag, which looks like any other element; who
// knows its type does that. unsupported: constructed BIT STRINGs, tags of several octets.
// malformed: larger than max_size, deeper than limits::kBerDepth, more elements than
// limits::kBerElements, trailing octets.
Result<Buffer> der_from_ber(Bytes ber, std::size_t max_size);

}  // namespace pki::cms
