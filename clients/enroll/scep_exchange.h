// A SCEP message and its answer.
#pragma once

#include "clients/enroll/scep.h"
#include "clients/enroll/scep_ca.h"
#include "libpki/scep/client.h"

namespace enroll {

// Who signs messages and opens answers.
struct ScepSigner {
    EVP_PKEY* key = nullptr;
    pki::Buffer certificate;                 // of that key
    const pki::Secret* challenge = nullptr;  // seals what an EC key cannot (RFC 8894 3.1)
};

struct ScepSession {
    ScepServer server;
    ScepCa ca;
    ScepAlgorithms algorithms;
};

struct ScepTask {
    pki::scep::MessageType type = pki::scep::MessageType::pkcs_req;
    std::string transaction_id;
    pki::Bytes content;
};

// The answer of somebody who may answer: its signature, transaction, nonce and seal are right.
// A refusal is an answer too. Errors: denied when there is no way to seal the messages.
pki::Result<pki::scep::Response> scep_exchange(ScepSession& session, const ScepSigner& signer,
                                               const ScepTask& task);

// The Error for an answer that is no success.
pki::Error scep_refusal(const pki::scep::Response& response, Report& report);

}  // namespace enroll
