// The key child's own look at what has to do with OCSP: certificates of responders, and what a
// responder says. A front that is confused gets neither a certificate that outlives the next
// month nor an answer about the past or for another CA. Which certificates are revoked is the
// front's to know.
#pragma once

#include "libpki/x509/cert.h"
#include "libpki/x509/ocsp.h"
#include "signerd/keys/tbs_check.h"

namespace signerd {

// Seconds: of a responder's certificate, which nobody can revoke (RFC 6960 4.2.2.2.1), and from
// thisUpdate to nextUpdate.
constexpr std::int64_t kLongestResponder = 31 * 86400;

// RFC 6960 4.2.2.2: for signing OCSP responses and nothing else, with id-pkix-ocsp-nocheck, no
// CA, and as short as kLongestResponder; otherwise like check_tbs(). denied or malformed. Not
// checked: the subject, and whose key it is.
pki::Result<pki::x509::Tbs> check_responder(const CaRules& rules, pki::Bytes tbs,
                                            std::int64_t now);

// What it says of certificates of other CAs is `unknown`; times are near `now` (seconds since
// 1970). denied or malformed. Not checked: the key that it names.
pki::Result<pki::x509::OcspResponseData> check_ocsp(const CaRules& rules,
                                                    pki::Bytes response_data, std::int64_t now);

}  // namespace signerd
