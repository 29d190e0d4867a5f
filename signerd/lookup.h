// What clients may ask about certificates beside their own enrolment (RFC 8894 3.3.4, 4.7; RFC
// 9483 4.3).
// Names of CAs count within the tenant of the profile. not_found for a profile that the peer
// may not use, as for one that does not exist.
#pragma once

#include "signerd/dispatch.h"

namespace signerd {

// By issuer and serial.
pki::Result<pki::Buffer> certificate_by_serial(Services& services, const Request& request);

// The newest CRL, in one piece; denied when it is larger than that. By URL that of the
// distribution point, by issuer the complete one; without both that of the CA that issues now.
pki::Result<pki::Buffer> crl_by_issuer(Services& services, const Request& request);

// The chain of the CA that takes the place of the one that issues now; not_found when there is
// none, or its time has come.
pki::Result<pki::Buffer> next_ca_certs(Services& services, const Request& request);

// What a request for a certificate of the profile looks like; denied when it is not for CMP.
pki::Result<pki::Buffer> request_template(Services& services, const Request& request);

// The root that takes a root's place, and what leads from one to the other; not_found.
pki::Result<pki::Buffer> root_update(Services& services, const Request& request);

}  // namespace signerd
