// Which operation runs for which role: the table is the whole of that policy. What a role may
// do within an operation (which profiles, say) is the operation's.
#pragma once

#include <functional>

#include "signerd/challenge/maker.h"
#include "signerd/cmp_revoke.h"
#include "signerd/confirm.h"
#include "signerd/crl_publisher.h"
#include "signerd/issue.h"
#include "signerd/ocsp.h"
#include "signerd/ra.h"
#include "signerd/report.h"
#include "signerd/revoke.h"
#include "signerd/token_maker.h"
#include "signerd/watch.h"

namespace signerd {

// What is not in the store, for status.
struct Gauges {
    std::size_t queue = 0;           // decisions waiting to be durable
    std::uint64_t transactions = 0;  // of the store, since the start
    std::size_t in_flight = 0;       // issue requests accepted and not answered
    std::size_t connections = 0;
    pid_t key_child = 0;  // 0: none
    const char* key_child_state = "";
    const char* outside_state = "unused";
};

// What operations work with.
struct Services {
    const Clock& clock;
    Store& store;
    Issuer& issuer;
    Reports& reports;
    Revoker& revoker;
    CmpRevoker& cmp_revoker;
    Confirmer& confirmer;
    CrlPublisher& crls;
    Watchers& watchers;
    OcspResponder& ocsp;
    RaIssuer& ras;
    ChallengeMaker& challenges;
    TokenMaker& tokens;
    Replies& replies;
    std::int64_t started = 0;  // seconds since 1970
    std::function<Gauges()> gauges;
    // A request that nobody of this role may send, for the audit log.
    std::function<void(const Request& request, const pki::Error& error)> refused;
};

// A set of roles.
using Roles = unsigned;
constexpr Roles only(Role role) { return 1u << static_cast<unsigned>(role); }

// One row of the table.
struct Operation {
    pki::wire::Kind kind;
    const char* name;
    Roles roles;
    void (*run)(Services& services, const Request& request);
};

// nullptr for a kind that is not a request.
const Operation* find_operation(pki::wire::Kind kind);
bool permitted(const Operation& operation, Role role);

class Dispatcher {
   public:
    explicit Dispatcher(Services services) : services_(std::move(services)) {}

    void dispatch(const Request& request);
    // From now on every request is answered with unavailable.
    void drain();

   private:
    void refuse(const Request& request, const pki::Error& error);

    Services services_;
    bool draining_ = false;
};

}  // namespace signerd
