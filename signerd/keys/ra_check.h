// The key child's own look at certificates of registration authorities: no profile has to be
// behind them, so a form of their own is. A front that is confused gets nothing with it that a
// name stands in (no subjectAltName), nor anything that a profile's rules would have let be
// longer or do more than this.
#pragma once

#include "signerd/keys/tbs_check.h"

namespace signerd {

// Seconds, backdating included: ten years and some days.
constexpr std::int64_t kLongestRa = 3660 * std::int64_t{86400};

// For SCEP, or for CMP (RFC 9483 1.5): with the purpose cmcRA, and cmKGA when the RA signs keys
// that are made for clients.
struct RaPurpose {
    bool cmp = false;
    bool key_generation = false;  // of CMP
};

// What an RA does is sign, and be encrypted to. RFC 8894 3.1 and 3.2: an RSA key has
// digitalSignature and keyEncipherment, an EC key digitalSignature; for CMP an EC key has
// keyAgreement as well. 0 for keys that an RA cannot have: those of EdDSA are for CMP alone,
// and Ed448 signs nothing in CMS (RFC 8419 3.1), as a key generator has to.
std::uint16_t ra_usage(const pki::ossl::PublicKeyParts& key, const RaPurpose& purpose);

// A subject, no subjectAltName, no CA, keyUsage as above, extendedKeyUsage as the purpose has
// it: without one it is for SCEP. Otherwise like check_tbs(). denied or malformed. Not checked:
// which subject.
pki::Status check_ra(const CaRules& rules, pki::Bytes tbs, std::int64_t now);

}  // namespace signerd
