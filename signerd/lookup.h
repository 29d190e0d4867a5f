// What clients may ask about certificates beside their own enrolment (RFC 8894 3.3.4, 4.7).
// Names of CAs count within the tenant of the profile. not_found for a profile that the peer
// may not use, as for one that does not exist.
#pragma once

#include "signerd/dispatch.h"

namespace signerd {

// By issuer and serial.
pki::Result<pki::Buffer> certificate_by_serial(Services& services, const Request& request);

// The newest complete CRL, in one piece; denied when it is larger than that.
pki::Result<pki::Buffer> crl_by_issuer(Services& services, const Request& request);

// The chain of the CA that takes the place of the one that issues now; not_found when there is
// none, or its time has come.
pki::Result<pki::Buffer> next_ca_certs(Services& services, const Request& request);

}  // namespace signerd
