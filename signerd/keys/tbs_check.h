// The key child's own look at what it is to sign. It does not believe the front: one that is
// confused, or that somebody controls in part, gets certificates that a profile of this CA
// could give, those of registration authorities (ra_check.h), and no others. It is no
// protection from one that was taken over as a whole: that has the child's user, and with it
// the key files.
#pragma once

#include <set>

#include "signerd/config.h"

namespace signerd {

// What the certificates of one CA may look like, whatever the profile, and its CRLs.
struct CaRules {
    pki::Buffer subject;  // Name
    pki::Buffer key_identifier;
    pki::Buffer signature_algorithm;  // AlgorithmIdentifier
    pki::Buffer key_bits;             // of its public key
    std::string responder_key;        // ossl::generate_key() of its OCSP responder
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    std::int64_t longest = 0;                  // seconds of validity, backdating included
    std::int64_t backdate = 0;                 // seconds, the largest
    std::uint16_t key_usage = 0;               // of all profiles together
    std::set<pki::Buffer> extended_key_usage;  // OID contents, of all profiles together
    // No extension means no restriction: only where a profile has it so.
    bool may_omit_key_usage = false;
    bool may_omit_extended_key_usage = false;
    bool may_sign_crls = false;
};

// A CA issues under the profiles that name it, and under those that name one before it in a
// line of successors. Since when is the front's to know: the child need not be the judge of
// which of the two keys signs what both may.
CaRules rules_of(const Ca& ca, const Config& config);

// RFC 5280 4.1 and 4.2, as far as a CA must not let go: issuer, key identifier, algorithm,
// version, length of the serial, validity within the CA's and a profile's and near `now`
// (seconds since 1970), no CA, no usage that no profile has, no extension that we do not
// write. denied or malformed. Not checked: subject and names, which only the front knows.
pki::Status check_tbs(const CaRules& rules, pki::Bytes tbs, std::int64_t now);

}  // namespace signerd
