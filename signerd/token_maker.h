// Tokens for clients: made, listed and revoked for an admin. A token is 24 random octets in
// base64url; the store has its SHA-256 alone, and nothing that is written has more.
#pragma once

#include "signerd/clock.h"
#include "signerd/json_writer.h"
#include "signerd/request.h"
#include "signerd/writer.h"

namespace signerd {

class TokenMaker {
   public:
    TokenMaker(const Clock& clock, Store& store, Committer& committer, Replies& replies)
        : clock_(clock), store_(store), committer_(committer), replies_(replies) {}

    // wire::TokenCreateRequest. {"token": TEXT, "id": ..., "expires": ...} leaves when the
    // audit record of it is durable. not_found: no such profile; malformed: no lifetime, where
    // the token is good more than once; denied: a longer one than there may be, or profiles of
    // several tenants.
    void create(const Request& request);
    // wire::TokenRevokeRequest, answered with the token as it is then. not_found, or conflict
    // when it is revoked already.
    void revoke(const Request& request);

   private:
    struct Job;
    using JobPtr = std::shared_ptr<Job>;

    JobPtr begin(const Request& request) const;
    pki::Status make(Job& job, const Request& request) const;
    pki::Status prepare_revocation(Job& job, const Request& request) const;
    void commit(const JobPtr& job, const pki::Status& status);
    pki::Buffer answer_of(const Job& job) const;

    const Clock& clock_;
    Store& store_;
    Committer& committer_;
    Replies& replies_;
};

// All of it but the hash's preimage, which nobody has; "state" is "good", "used", "revoked" or
// "expired".
JsonPtr token_json(const Token& token, std::int64_t now);

// wire::TokenListRequest: {"tokens": [{...}], "after": ID}, as many as fit; `after`, the last
// one's number, is there where more may follow.
pki::Result<pki::Buffer> token_list(Store& store, std::int64_t now, const Request& request);

}  // namespace signerd
