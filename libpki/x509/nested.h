// A part of a message is read by a function that sees only that part, so the offset of its
// error counts from there. nested() counts it from the start of the whole.
#pragma once

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace pki::x509 {

// `part` is a view into `whole`.
template <class T>
Result<T> nested(Bytes whole, Bytes part, Result<T> result) {
    if (!result) result.error().offset += static_cast<std::size_t>(part.data() - whole.data());
    return result;
}

}  // namespace pki::x509
