// The key child's own look at certificates of registration authorities: no profile has to be
// behind them, so a form of their own is. A front that is confused gets nothing with it that a
// name stands in (no subjectAltName), nor anything that a profile's rules would have let be
// longer or do more than this.
#pragma once

#include "signerd/keys/tbs_check.h"

namespace signerd {

// Seconds, backdating included: ten years and some days.
constexpr std::int64_t kLongestRa = 3660 * std::int64_t{86400};

// RFC 8894 3.1 and 3.2: what an RA does is sign, and with RSA be encrypted to. An RSA key has
// digitalSignature and keyEncipherment, an EC key digitalSignature, other keys are refused. A
// subject, no subjectAltName, no extendedKeyUsage, no CA; otherwise like check_tbs(). denied or
// malformed. Not checked: which subject.
pki::Status check_ra(const CaRules& rules, pki::Bytes tbs, std::int64_t now);

}  // namespace signerd
