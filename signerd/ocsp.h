// Answers to OCSP requests (RFC 6960). nginx has read the request; here are the certificates
// and the revocations, and the way to the key child that signs. An answer costs a look-up for
// each certificate and one signature; nobody is told less or more than the store says at that
// time.
#pragma once

#include <memory>

#include "signerd/request.h"
#include "signerd/responder.h"
#include "signerd/store/store.h"

namespace signerd {

struct OcspJob;  // one request on its way
using OcspJobPtr = std::shared_ptr<OcspJob>;

class OcspResponder {
   public:
    OcspResponder(const Clock& clock, Store& store, OcspSigner& signer, Committer& committer,
                  Replies& replies)
        : clock_(clock),
          store_(store),
          signer_(signer),
          replies_(replies),
          responders_(clock, signer, committer) {}

    // The answer goes to `request.to`, in this turn or a later one.
    void answer(const Request& request);

    // From now on requests are shed.
    void drain() { draining_ = true; }
    // Accepted and not yet answered.
    std::size_t in_flight() const { return in_flight_; }

   private:
    OcspJobPtr accept(const Request& request);
    pki::Status examine(OcspJob& job);
    pki::Status check_load(const OcspJob& job) const;
    pki::Status look_up(OcspJob& job);
    void ask_responder(const OcspJobPtr& job);
    void on_responder(const OcspJobPtr& job, const pki::Result<ResponderPtr>& responder);
    void on_signature(const OcspJobPtr& job, const pki::Result<pki::Buffer>& signature);
    void refuse(const OcspJob& job, const pki::Error& error);
    void reply(const OcspJob& job, pki::Bytes signature);

    const Clock& clock_;
    Store& store_;
    OcspSigner& signer_;
    Replies& replies_;
    Responders responders_;
    Outage reading_{"store"};
    Outage signing_{"OCSP"};
    std::size_t in_flight_ = 0;
    bool draining_ = false;
};

}  // namespace signerd
