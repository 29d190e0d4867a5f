// The certificate that a profile makes of a request, up to its signature.
#pragma once

#include <array>

#include "signerd/config.h"

namespace signerd {

using Serial = std::array<std::uint8_t, 16>;

// 46 bits of time and 80 random bits (RFC 5280 4.1.2.2: unique, positive, at most 20 octets; 64
// random bits are the least that is good practice). Serials that are made one after the other
// lie side by side in the store's index, where random ones each dirty a page of their own. All
// are of one length, so that the text of a serial is. `now` in microseconds since 1970.
pki::Result<Serial> new_serial(std::int64_t now);

struct UnsignedCertificate {
    pki::Buffer tbs;
    std::int64_t not_before = 0;  // seconds since 1970
    std::int64_t not_after = 0;
};

// The subject of the CSR in canonical form, the SAN as the CSR encodes it, everything else from
// profile and CA; the request has passed check_request(). Validity begins before `now` by the
// profile's backdating and is clamped to the CA's. internal when the CA's certificate is not
// valid now; denied when no key usage is left for a key of this type, or canonical_name()
// refuses the subject.
pki::Result<UnsignedCertificate> make_tbs(const Ca& ca, const pki::x509::Profile& profile,
                                          const pki::x509::Csr& csr, const Serial& serial,
                                          std::int64_t now);

}  // namespace signerd
