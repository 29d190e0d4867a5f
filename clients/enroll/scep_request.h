// A request for a certificate, from the first message to the decision.
#pragma once

#include "clients/enroll/scep_options.h"

namespace enroll {

struct ScepRequest {
    ScepSession& session;
    ScepSigner signer;
    EVP_PKEY* certified = nullptr;  // the key to be certified
    ScepState state;
    std::string state_path;  // empty: it is not kept
};

// Sends the CSR in a message of this type and, while it is pending, polls within --wait. The
// certificate is verified and delivered.
pki::Status request_certificate(ScepRequest& request, pki::scep::MessageType type,
                                pki::Bytes csr, const Context& context,
                                const Arguments& arguments);

// The same for one that waits already.
pki::Status poll_certificate(ScepRequest& request, const Context& context,
                             const Arguments& arguments);

}  // namespace enroll
