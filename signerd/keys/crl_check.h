// The key child's own look at a CRL, as tbs_check.h has it for certificates.
#pragma once

#include "libpki/x509/crl.h"
#include "signerd/keys/tbs_check.h"

namespace signerd {

// Seconds. A list that is good for longer hides what was revoked since from who has only it.
constexpr std::int64_t kLongestCrl = 366 * std::int64_t{86400};

// May the key of this certificate sign CRLs? Without a key usage it may everything
// (RFC 5280 6.3.3 (f)).
bool may_sign_crls(const Ca& ca);

// What TbsCrlReader leaves open: issuer, key identifier and algorithm are the CA's, whose
// certificate allows cRLSign; thisUpdate is `now` (seconds since 1970), within a day, and
// nextUpdate behind it, by kLongestCrl at most; the number is not below `highest`, that of the
// lists before, and above that of the base. denied. Not checked: who is revoked, which only the
// front knows.
pki::Status check_crl(const CaRules& rules, const pki::x509::TbsCrlFacts& facts,
                      std::uint64_t highest, std::int64_t now);

}  // namespace signerd
