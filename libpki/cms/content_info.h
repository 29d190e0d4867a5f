// ContentInfo (RFC 5652 section 3): what every CMS message is wrapped in.
#pragma once

#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"
#include "libpki/x509/oids.h"

namespace pki::cms {

// The content, a SEQUENCE, of a message of that type; unsupported when it is of another.
Result<der::Element> parse_content_info(Bytes content_info, Bytes type);

// The content of what build_content_info() gave: a view into it.
Bytes bare_content(Bytes content_info);

template <class Body>
Buffer build_content_info(Bytes type, std::size_t reserve, Body&& body) {
    der::Writer w(reserve);
    w.sequence([&] {
        w.oid(type);
        w.tlv(der::constructed(0), [&] { w.sequence([&] { body(w); }); });
    });
    return std::move(w).take();
}

}  // namespace pki::cms
