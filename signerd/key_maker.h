// Keys that are made for clients (RFC 9483 4.1.6, RFC 7030 4.4). To make one takes up to
// seconds: a thread of its own does it. They are kept nowhere.
#pragma once

#include "libpki/base/secret.h"
#include "libpki/x509/crmf.h"
#include "libpki/x509/profile.h"
#include "signerd/background.h"

namespace signerd {

struct MadeKey {
    pki::Secret pkcs8;  // DER
    pki::Buffer spki;
};

// What the issue path needs of it; tests put their own in its place.
class KeyMaker {
   public:
    using Done = std::function<void(pki::Result<MadeKey> key)>;

    virtual ~KeyMaker() = default;
    // A key as ossl::generate_key() names it. `done` runs on the event loop, in a later turn
    // or, when too many wait (unavailable), in this one.
    virtual void make(const std::string& spec, Done done) = 0;
};

class ThreadKeyMaker : public KeyMaker {
   public:
    // Of RSA with 4096 bits a core makes one or two in a second, and a client waits for about
    // ten.
    static constexpr std::size_t kQueued = 16;

    // Signals must be blocked by now: the thread inherits that.
    static pki::Result<std::unique_ptr<ThreadKeyMaker>> start(EventLoop& loop);

    void make(const std::string& spec, Done done) override;

   private:
    explicit ThreadKeyMaker(std::unique_ptr<Background> thread) : thread_(std::move(thread)) {}

    std::size_t queued_ = 0;              // the loop's
    std::unique_ptr<Background> thread_;  // goes first: what it does looks at the above
};

// Which key the client gets: the one that he asks for, when the profile takes it, else the
// first of the profile's. RSA has the size that he asks for or the smallest that the profile
// takes; beyond 4096 bits none is made. unsupported (bad_alg).
pki::Result<std::string> key_spec(const pki::x509::Profile& profile,
                                  const pki::x509::CertRequest& request);

// The same for a client that shows what it wants by a key of that kind, curve and size: one
// that the profile does not take is no wish.
pki::Result<std::string> key_spec(const pki::x509::Profile& profile,
                                  const pki::x509::Spki& like);

}  // namespace signerd
