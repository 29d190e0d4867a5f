// Certificates of OCSP responders (RFC 6960 4.2.2.2): one for each CA, issued when it is first
// needed. A new one with a key of its own takes its place when half of its time is over, or
// when the key child that had its key is gone. Like every certificate it is used only once it
// is on disk, with an audit record.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "signerd/clock.h"
#include "signerd/generation.h"
#include "signerd/keys/signer.h"
#include "signerd/outage.h"
#include "signerd/writer.h"

namespace signerd {

struct Responder {
    pki::Buffer certificate;  // DER
    pki::ossl::PkeyPtr key;   // public
    pki::ossl::SignatureScheme scheme;
    pki::ossl::Sha1 key_hash{};
    std::int64_t not_before = 0;  // seconds since 1970
    std::int64_t not_after = 0;
};
using ResponderPtr = std::shared_ptr<const Responder>;

struct ResponderJob;  // one that is being made
using ResponderJobPtr = std::shared_ptr<ResponderJob>;

class Responders {
   public:
    using Ready = std::function<void(const pki::Result<ResponderPtr>& responder)>;

    Responders(const Clock& clock, OcspSigner& signer, Committer& committer)
        : clock_(clock), signer_(signer), committer_(committer) {}

    // `ready` runs in this turn when there is one, else when it is made: unavailable when it
    // cannot be for now. The caller bounds how many wait; `ca` lives in the generation.
    void get(const std::shared_ptr<const Generation>& generation, const Ca& ca, Ready ready);
    // The key child has not got its key.
    void lost(const Ca& ca, const ResponderPtr& responder);

   private:
    // By name and issuing certificate: a reload may bring another CA under the same name.
    using Id = std::pair<std::string, pki::Buffer>;
    struct Slot {
        ResponderPtr current;
        std::vector<Ready> waiting;
        bool making = false;
        std::int64_t pause = 0;  // no attempt before this time
    };

    void make(const Id& id, const std::shared_ptr<const Generation>& generation, const Ca& ca);
    void ask_key(const ResponderJobPtr& job, bool fresh);
    void on_key(const ResponderJobPtr& job, bool fresh, const pki::Result<pki::Buffer>& spki);
    void on_signature(const ResponderJobPtr& job, const pki::Result<pki::Buffer>& signature);
    void on_committed(const ResponderJobPtr& job, const pki::Status& status);
    void failed(const ResponderJobPtr& job, const pki::Error& error);
    void finish(const ResponderJobPtr& job, const pki::Result<ResponderPtr>& result);
    void forget_expired();
    std::int64_t now() const { return clock_.now() / kMicroseconds; }

    const Clock& clock_;
    OcspSigner& signer_;
    Committer& committer_;
    Outage making_{"OCSP responder"};
    std::map<Id, Slot> slots_;
};

}  // namespace signerd
