// The parts of a TBSCertList that are read as a whole. Errors count offsets from the start of
// the part.
#pragma once

#include "libpki/base/der_reader.h"
#include "libpki/x509/crl.h"

namespace pki::x509 {

// thisUpdate, nextUpdate and revocationDate (RFC 5280 5.1.2.4): UTCTime through 2049, and from
// 2050 on GeneralizedTime.
Result<std::int64_t> parse_crl_time(const der::Element& time);

// One element of revokedCertificates; the serial is a view into it.
Result<CrlEntry> parse_crl_entry(Bytes encoding);

// crlExtensions [0], into those of the facts that come from there.
Status parse_crl_extensions(Bytes encoding, TbsCrlFacts& facts);

}  // namespace pki::x509
