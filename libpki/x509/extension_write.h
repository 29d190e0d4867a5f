// What the extensions of certificates and of CRLs are written with.
#pragma once

#include <string>
#include <vector>

#include "libpki/base/der_writer.h"

namespace pki::x509 {

constexpr std::uint8_t kUri = der::context(6);  // uniformResourceIdentifier of GeneralName

// Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
template <class Body>
void write_extension(der::Writer& w, Bytes id, bool critical, Body&& value) {
    w.sequence([&] {
        w.oid(id);
        if (critical) w.boolean(true);
        w.tlv(der::kOctetString, value);
    });
}

// distributionPoint [0] DistributionPointName (RFC 5280 4.2.1.13): its names are ways to one
// and the same CRL.
inline void write_point_name(der::Writer& w, const std::vector<std::string>& urls) {
    const auto full_name = [&] {
        for (const std::string& url : urls) w.primitive(kUri, as_bytes(url));
    };
    w.tlv(der::constructed(0), [&] { w.tlv(der::constructed(0), full_name); });
}

// CRLDistributionPoints of one DistributionPoint.
inline void write_distribution_point(der::Writer& w, const std::vector<std::string>& urls) {
    w.sequence([&] { w.sequence([&] { write_point_name(w, urls); }); });
}

}  // namespace pki::x509
