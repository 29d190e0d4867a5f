// certReqId where messages answer requests and ask about them: that of a CertReqMsg, or -1 for
// a p10cr, which has none (RFC 9810 5.3.4).
#pragma once

#include <limits>

#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"

namespace pki::cmp {

// The next element: -1 to the largest std::int32_t.
inline Result<std::int64_t> read_cert_req_id(der::Reader& fields) {
    constexpr std::uint8_t kMinusOne[] = {0xff};
    const std::size_t offset = fields.offset();
    der::Reader copy = fields;
    PKI_TRY(const Bytes content, fields.content(der::kInteger));
    if (equal(content, kMinusOne)) return std::int64_t{-1};
    PKI_TRY(const std::uint64_t id, copy.small_integer());
    if (id > std::numeric_limits<std::int32_t>::max())
        return fail(Errc::malformed, "CMP: certReqId too large", offset);
    return static_cast<std::int64_t>(id);
}

inline void write_cert_req_id(der::Writer& writer, std::int64_t id) {
    constexpr std::uint8_t kMinusOne[] = {0xff};
    if (id < 0) return writer.primitive(der::kInteger, kMinusOne);
    writer.integer(static_cast<std::uint64_t>(id));
}

}  // namespace pki::cmp
