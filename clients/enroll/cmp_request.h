// A request for a certificate, from the first message to the confirmation.
#pragma once

#include "clients/enroll/cmp_session.h"
#include "clients/enroll/deliver.h"

namespace enroll {

struct CmpRequest {
    pki::cmp::BodyType type = pki::cmp::BodyType::ir;
    pki::Buffer body;
    std::int64_t id = 0;      // certReqId
    EVP_PKEY* key = nullptr;  // the key to be certified; nullptr: the server makes it
    std::string new_key;      // where that one goes
    bool implicit_confirm = false;
    Destination to;
};

// Sends it, polls while it waits, within --wait, verifies the certificate, confirms it and
// delivers it. A certificate that is not what was asked for is rejected in the confirmation.
pki::Status request_certificate(CmpSession& session, const CmpRequest& request);

}  // namespace enroll
