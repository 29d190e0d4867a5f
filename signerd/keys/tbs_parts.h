// What the key child asks of every TBSCertificate, whether a profile or an OCSP responder is
// behind it. denied, or malformed where an extension is.
#pragma once

#include <span>

#include "libpki/x509/cert.h"
#include "signerd/keys/tbs_check.h"

namespace signerd {

pki::Status check_serial(const pki::x509::Tbs& tbs);
// Issuer, key identifier and algorithm are the CA's.
pki::Status check_issuer(const CaRules& rules, const pki::x509::Tbs& tbs);
pki::Status check_subject(const pki::x509::Tbs& tbs);
// Within the CA's, and begins near `now`; how long it lasts is the caller's.
pki::Status check_validity(const CaRules& rules, const pki::x509::Tbs& tbs, std::int64_t now);
pki::Status check_not_ca(const pki::x509::Tbs& tbs);
// No other extension than these.
pki::Status check_extensions(const pki::x509::Tbs& tbs, std::span<const pki::Bytes> allowed);

}  // namespace signerd
