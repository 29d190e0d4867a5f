// What of a PKIData we take, and what the answer repeats of it.
#pragma once

#include "libpki/cmc/status.h"

namespace pki::cmc {

// Complete elements, empty where the request has none.
struct Echo {
    Bytes transaction_id;  // INTEGER
    Bytes sender_nonce;    // OCTET STRING: becomes the recipientNonce
    Bytes data_return;     // OCTET STRING
};

// Of any PKIData, also of one that is refused (RFC 5272 6.4 and 6.6). What is malformed or too
// long is left out, and objection_to() has named it.
Echo echo_of(const PkiData& data);

// Why a request is refused, and for which of its parts.
struct Objection {
    Error error;
    CmcStatus status = CmcStatus::failed;
    FailInfo fail_info = FailInfo::bad_request;
    std::vector<BodyPart> parts;
};

// nullopt: there is exactly one request, a PKCS#10 or CRMF, with controls that are done by
// repeating them (transactionId, nonces, dataReturn) or may be passed over (identification,
// regInfo). Else
// - badIdentity for proofs of identity by a shared secret, which nobody has here (6.2);
// - badRequest for a control that we do not have or cannot read, or that is there twice, naming
//   all of them (3.2.1.1): also those that refer to other messages (batchRequests,
//   encryptedPOP, lraPOPWitness, modCertTemplate ...), which are therefore never opened;
// - noSupport for requests of a third form (3.2.1);
// - badRequest for no request, and for several.
std::optional<Objection> objection_to(const PkiData& data);

}  // namespace pki::cmc
