// What a CA tells of itself: GetCACaps and GetNextCACert (RFC 8894 3.5.2, 4.7.1).
#pragma once

#include <string>
#include <vector>

#include "libpki/scep/cert_rep.h"

namespace pki::scep {

// The words of GetCACaps, a line each: what the RFC demands of everybody, SHA-512, Renewal, and
// of SHA-1, DES3 and GetNextCACert what is on.
std::string default_capabilities(const Rules& rules, bool next_ca);

// SignedData by the current CA or RA over the degenerate one with these certificates.
Result<Buffer> build_next_ca(const Signing& signing, const std::vector<Bytes>& certificates);

}  // namespace pki::scep
