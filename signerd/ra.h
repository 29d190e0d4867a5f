// Certificates of registration authorities: what nginx signs SCEP's answers and decrypts its
// requests with (RFC 8894 3.1), or protects CMP's answers with (RFC 9483 1.5). An administrator
// asks for one with a CSR; the key never comes here. No profile is behind it but a fixed one:
//     key RSA of 2048 to 8192 bits, or EC, for CMP also EdDSA; a CN in the subject; no
//     subjectAltName; keyUsage digitalSignature and what the key can beside it (ra_check.h);
//     extendedKeyUsage for CMP alone: cmcRA and, when it is asked for, cmKGA
//
// The order is that of the issue path (issue.h): everything is checked, the key child has a
// look of its own (keys/ra_check.h), certificate and audit record become durable together, then
// the answer leaves. A refusal leaves when its audit record is durable. There is no
// idempotency: who asks twice gets two certificates.
#pragma once

#include <memory>

#include "libpki/wire/registration.h"
#include "signerd/clock.h"
#include "signerd/keys/signer.h"
#include "signerd/request.h"
#include "signerd/writer.h"

namespace signerd {

// In the place of a profile's name; no profile can be called so.
constexpr char kRaProfile[] = "(ra)";

struct RaJob;  // one request on its way
using RaJobPtr = std::shared_ptr<RaJob>;

class RaIssuer {
   public:
    RaIssuer(const Clock& clock, Store& store, RaSigner& signer, Committer& committer,
             Replies& replies)
        : clock_(clock),
          store_(store),
          signer_(signer),
          committer_(committer),
          replies_(replies) {}

    // wire::RaIssueRequest. The answer goes to `request.to`, in this turn or a later one.
    void issue(const Request& request);

   private:
    RaJobPtr begin(const Request& request) const;
    pki::Status examine(RaJob& job) const;
    void on_signature(const RaJobPtr& job, const pki::Result<pki::Buffer>& signature);
    void on_committed(const RaJobPtr& job, const pki::Status& status);
    void refuse(const RaJobPtr& job, const pki::Error& error);

    const Clock& clock_;
    Store& store_;
    RaSigner& signer_;
    Committer& committer_;
    Replies& replies_;
};

}  // namespace signerd
