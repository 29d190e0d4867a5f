// Degenerate CMS SignedData that carries certificates and CRLs only (RFC 5652 5.1, RFC
// 5272 4.1).
#pragma once

#include <vector>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace pki::x509 {

// ContentInfo with SignedData version 1, no digest algorithms, no signers. Certificates and
// CRLs are written in the order given.
Buffer build_certs_only(const std::vector<Bytes>& certificates,
                        const std::vector<Bytes>& crls = {});

// The certificates' DER, views into the input. Only the degenerate form; at most
// limits::kChain.
Result<std::vector<Bytes>> parse_certs_only(Bytes der);

}  // namespace pki::x509
