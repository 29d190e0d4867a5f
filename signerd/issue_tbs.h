// The certificate that a profile makes of a request, up to its signature.
#pragma once

#include <array>

#include "signerd/config.h"

namespace signerd {

using Serial = std::array<std::uint8_t, 16>;

// 126 random bits (RFC 5280 4.1.2.2: unique, positive, at most 20 octets; 64 random bits are
// the least that is good practice). All are of one length, so that the text of a serial is.
pki::Result<Serial> new_serial();

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
