// What a registration authority's certificate may be, as the profile that nobody configures.
#pragma once

#include "libpki/wire/registration.h"
#include "signerd/config.h"

namespace signerd {

// For make_tbs(). denied for a validity above ten years, and for the generation of keys without
// CMP.
pki::Result<pki::x509::Profile> ra_profile(const pki::wire::RaIssueRequest& asked,
                                           const pki::x509::Spki& key);

// check_request() by that profile. Refuses the key of a CA, since an RA's lies in nginx, where
// that must never be, and the name of one, by which clients tell the two apart.
pki::Status check_ra_request(const pki::x509::Profile& profile, const pki::x509::Csr& csr,
                             const Config& config);

// The CA of this name; empty: the only one. not_found, or conflict when there are several.
pki::Result<const Ca*> ra_issuer(const Config& config, std::string_view name);

}  // namespace signerd
