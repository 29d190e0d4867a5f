// Is what the server sent what was asked for, and from whom?
#pragma once

#include <vector>

#include "libpki/ossl/key.h"
#include "libpki/x509/cert.h"

namespace enroll {

// The only certificate for this key; not_found, malformed when there are two.
pki::Result<pki::Buffer> find_issued(const std::vector<pki::Buffer>& certificates,
                                     EVP_PKEY* key);

// The CA certificates from the issuer of `leaf` up to one of `anchors`, which is the last one;
// `between` may be in any order, and those that cannot be read are passed over. Each signature
// is verified, each of them may sign and is valid at `now`, and so is the leaf (RFC 5280 6.1).
// denied when there is no such way. Not checked: revocation, name constraints, policies.
pki::Result<std::vector<pki::Buffer>> find_chain(pki::Bytes leaf,
                                                 const std::vector<pki::Buffer>& between,
                                                 const std::vector<pki::Buffer>& anchors,
                                                 std::int64_t now);

// A serial number: its magnitude, out of hexadecimal with or without colons. malformed.
pki::Result<pki::Buffer> serial_from(const std::string& text);

// Did this CA sign the CRL? denied when it is another CA's, bad_signature, malformed.
pki::Status check_crl(pki::Bytes crl, const pki::x509::Certificate& ca);

// Those of the list that have the name of their own issuer.
std::vector<pki::Buffer> self_issued(const std::vector<pki::Buffer>& certificates);

// "ab:CD..." or without colons: SHA-256 in lower-case hexadecimal. malformed.
pki::Result<std::string> normal_fingerprint(std::string_view text);

// Those of the list that a fingerprint names.
std::vector<pki::Buffer> with_fingerprint(const std::vector<pki::Buffer>& certificates,
                                          const std::vector<std::string>& fingerprints);

}  // namespace enroll
