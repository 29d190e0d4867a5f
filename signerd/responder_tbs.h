// The certificate of an OCSP responder, up to its signature.
#pragma once

#include "signerd/issue_tbs.h"

namespace signerd {

// Its common name.
std::string responder_name(const Ca& ca);

// What check_responder() in the key child allows. Begins an hour before `now`, for clients
// whose clocks are late, lasts as long as the CA's `ocsp` says, and is clamped to the CA's.
// internal when the CA's certificate is not valid now.
pki::Result<UnsignedCertificate> make_responder_tbs(const Ca& ca, pki::Bytes spki,
                                                    const Serial& serial, std::int64_t now);

}  // namespace signerd
