// The request for a certificate in a PKIData.
#pragma once

#include "libpki/cmc/data.h"
#include "libpki/x509/crmf.h"

namespace pki::cmc {

// Views look into `encoding`; it can be moved and not copied.
struct Wanted {
    Wanted() = default;
    Wanted(const Wanted&) = delete;
    Wanted& operator=(const Wanted&) = delete;
    Wanted(Wanted&&) = default;
    Wanted& operator=(Wanted&&) = default;

    Buffer encoding;               // PKCS#10 or CertReqMsg
    std::optional<x509::Csr> csr;  // one of them
    std::optional<x509::CertRequest> crmf;
};

// Of a request that is PKCS#10 or CRMF. As their readers; malformed as well for a CRMF without
// a public key, which CMC wants to be there (RFC 5272 3.2.1.2.2). Not checked: possession.
Result<Wanted> read_wanted(const TaggedRequest& request);

// Has the client the key? bad_signature with Reason::bad_pop when he does not prove it by
// signing the request with it: raVerified is no proof, nor is a POPOSigningKeyInput, which CMC
// does not have; unsupported with Reason::bad_alg.
Status verify_possession(const Wanted& wanted);

}  // namespace pki::cmc
