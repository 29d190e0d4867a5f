// Revoking certificates and releasing them from certificateHold, one or many.
//
// Each change becomes durable with an audit record of its own, and its answer leaves after
// that. What is refused has a record too. At most one change of a certificate is on its way:
// what the store says of it is then what the change is made of.
#pragma once

#include <functional>
#include <set>
#include <utility>

#include "libpki/wire/revocation.h"
#include "signerd/clock.h"
#include "signerd/request.h"
#include "signerd/writer.h"

namespace signerd {

struct RevokeJob;  // one request on its way
using RevokeJobPtr = std::shared_ptr<RevokeJob>;

class Revoker {
   public:
    // Of one page of many: row numbers looked at, and certificates revoked.
    static constexpr std::uint32_t kWindow = 20'000;
    static constexpr std::uint32_t kPage = 100;

    // `changed` runs after each commit that has revoked or released something.
    Revoker(const Clock& clock, Store& store, Committer& committer, Replies& replies,
            std::function<void()> changed)
        : clock_(clock),
          store_(store),
          committer_(committer),
          replies_(replies),
          changed_(std::move(changed)) {}

    // wire::RevokeRequest and wire::RevokeManyRequest. The answer goes to `request.to`, in this
    // turn or a later one.
    void revoke(const Request& request);
    void revoke_many(const Request& request);

    // For others that revoke and commit it themselves: not while a change of the certificate is
    // on its way, and hold() what they commit until let_go(), which says whether it is done.
    bool busy(const CertificateRecord& record) const;
    void hold(const Decided& decided);
    void let_go(const Decided& decided, bool done);

   private:
    RevokeJobPtr begin(const Request& request, pki::wire::Operation operation) const;
    pki::Status prepare(RevokeJob& job, const pki::wire::RevokeRequest& asked) const;
    pki::Result<CertificateRecord> find(const pki::wire::RevokeRequest& asked) const;
    pki::Status prepare(RevokeJob& job, const pki::wire::RevokeManyRequest& asked) const;
    void commit(const RevokeJobPtr& job);
    void on_committed(const RevokeJobPtr& job, const pki::Status& status);
    void refuse(const RevokeJobPtr& job, const pki::Error& error);
    void send_error(const ReplyTo& to, const pki::Error& error);

    const Clock& clock_;
    Store& store_;
    Committer& committer_;
    Replies& replies_;
    const std::function<void()> changed_;
    std::set<std::pair<std::string, std::string>> changing_;  // CA and serial
};

}  // namespace signerd
