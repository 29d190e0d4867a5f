// The MACs of protection.h in the terms of ASN.1: PasswordBasedMac (RFC 4211 4.4) and PBMAC1
// (RFC 8018 7.1).
#pragma once

#include <optional>

#include "libpki/base/der_writer.h"
#include "libpki/cmp/protection.h"
#include "libpki/x509/algorithm.h"

namespace pki::cmp {

// nullopt: no MAC that we know. unsupported with Reason::bad_alg for a hash that we do not
// have, a salt or a key that is too long.
Result<std::optional<MacParameters>> parse_mac(const x509::Algorithm& algorithm);

// AlgorithmIdentifier of parameters that parse_mac() can give.
void write_mac(der::Writer& writer, const MacParameters& mac);

}  // namespace pki::cmp
