// What a client says of the certificate that it got, and what it asks while it waits for one
// (RFC 9810 5.3.18, 5.3.22). Of whom nothing is heard: confirm_sweep.h.
//
// A confirmation, with its audit record, is durable before it is answered, and so is the nonce
// of every answer: the client's next message is held against it. A message that was answered
// before has the same answer again and no record, like every replay.
#pragma once

#include <memory>

#include "signerd/clock.h"
#include "signerd/request.h"
#include "signerd/revoke.h"
#include "signerd/transaction.h"
#include "signerd/writer.h"

namespace signerd {

struct ConfirmJob;  // one message on its way
using ConfirmJobPtr = std::shared_ptr<ConfirmJob>;

class Confirmer {
   public:
    // `revoker` revokes nothing here, but is told of what is revoked.
    Confirmer(const Clock& clock, Store& store, Committer& committer, Replies& replies,
              TransactionQueue& queue, Revoker& revoker)
        : clock_(clock),
          store_(store),
          committer_(committer),
          replies_(replies),
          queue_(queue),
          revoker_(revoker) {}

    // wire::ConfirmRequest. A certificate that is rejected is revoked for cessationOfOperation:
    // nobody is going to use it, and nothing says that its key or what it certifies is wrong.
    // Where the client has given up the profile decides, as when nothing is heard of it.
    void confirm(const Request& request);
    // wire::PollRequest with Protocol::cmp.
    void poll(const Request& request);

   private:
    ConfirmJobPtr begin(const Request& request) const;
    pki::Status enter(ConfirmJob& job) const;
    void go_on(const ConfirmJobPtr& job);
    pki::Status find(ConfirmJob& job) const;
    pki::Status find_certificate(ConfirmJob& job) const;
    pki::Status decide(ConfirmJob& job);
    pki::Status accept(ConfirmJob& job) const;
    pki::Status reject(ConfirmJob& job);
    pki::Status give_up(ConfirmJob& job);
    pki::Status decide_poll(ConfirmJob& job) const;
    pki::Status still_waits(ConfirmJob& job) const;
    pki::Status answer_with_certificate(ConfirmJob& job) const;
    void commit(const ConfirmJobPtr& job);
    void on_committed(const ConfirmJobPtr& job, const pki::Status& status);
    void refuse(const ConfirmJobPtr& job, const pki::Error& error);
    void finish(const ConfirmJobPtr& job, pki::Buffer frame);

    const Clock& clock_;
    Store& store_;
    Committer& committer_;
    Replies& replies_;
    TransactionQueue& queue_;
    Revoker& revoker_;
};

}  // namespace signerd
