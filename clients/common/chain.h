// Certificates that lead to a CA.
#pragma once

#include <vector>

#include "libpki/x509/cert.h"

namespace clients {

// Whether certificates can be issued under this chain at `now`; the first certificate is the
// issuing CA's. Each one is a CA's with keyCertSign, valid now and signed by the next one,
// whose path length allows for it (RFC 5280 6.1.4); a self-signed last one has its signature
// checked. Not checked: revocation, name constraints, policies, and that the chain ends in a
// root.
pki::Status check_ca_chain(const std::vector<pki::x509::Certificate>& chain, std::int64_t now);

// Did `issuer` sign `certificate`, and has it the name that stands there? denied.
pki::Status check_issued(const pki::x509::Certificate& certificate,
                         const pki::x509::Certificate& issuer);

// Is the certificate valid at `now`? denied.
pki::Status check_date(const pki::x509::Certificate& certificate, std::int64_t now);

// Is the private key that of the certificate? denied.
pki::Status check_key(const pki::x509::Certificate& certificate, EVP_PKEY* key);

}  // namespace clients
