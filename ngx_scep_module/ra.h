// The keys of the registration authority: what requests are sealed for and what answers are
// signed with. nginx reads them at configuration, the workers keep them.
#pragma once

#include <vector>

#include "libpki/base/secret.h"
#include "libpki/ossl/handles.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll::scep {

struct RaPair {
    pki::Buffer certificate;  // DER
    pki::ossl::PkeyPtr key;
    bool signs = false;      // RFC 5280 4.2.1.3: digitalSignature, or no keyUsage at all
    bool deciphers = false;  // RSA, and keyEncipherment or no keyUsage at all
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
};

// In the order of the directives. At least one signs and one deciphers.
struct RaPairs {
    std::vector<RaPair> pairs;

    // The first pair that may be used now; the first one at all where every one has expired.
    std::size_t signer(std::int64_t now) const;
    std::size_t decipherer(std::int64_t now) const;
};

// One secret for each line.
struct Passwords {
    std::vector<pki::Secret> secrets;
};

// From as many certificate files as key files. nullptr: the cause is logged with the place of
// the location. Refused: a key that others may read, that is not the certificate's, or that is
// too small; a certificate that has expired, that is a CA's, or whose usages allow nothing
// here.
const RaPairs* load_ra_pairs(ngx_conf_t* cf, const ngx_array_t& certificates,
                             const ngx_array_t& keys);

// The same with a file of passwords, one to eight of 8 to 255 octets: each costs a PBKDF2 for a
// message that is sealed with any.
const Passwords* load_passwords(ngx_conf_t* cf, ngx_str_t& file);

}  // namespace ngx_enroll::scep
