// What CSRs by EST have to have: told, and checked.
#pragma once

#include "signerd/dispatch.h"

namespace signerd {

// CsrAttrs of a profile (RFC 7030 4.5.2, RFC 9908): what its rules demand, and what "est.
// csr_attributes" does. not_found for a profile that the peer may not use, as for one that does
// not exist.
pki::Result<pki::Buffer> csr_attributes(Services& services, const Request& request);

// denied, with the extension's name: one of "est.csr_attributes.extensions" is not in the CSR,
// or has another value than was told. The rest is check_request()'s.
pki::Status check_csr_attributes(const Profile& profile, const pki::x509::Csr& csr);

}  // namespace signerd
