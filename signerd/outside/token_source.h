// Access tokens by client credentials (RFC 6749 4.4): fetched when one is needed, by one
// request for all who wait, kept until shortly before they expire.
#pragma once

#include "libpki/base/secret.h"
#include "signerd/clock.h"
#include "signerd/outside/answers.h"

namespace signerd {

class TokenSource {
   public:
    struct Credentials {
        std::string url;  // of the token endpoint
        std::string client_id;
        pki::Secret client_secret;
    };
    // The value of an Authorization header, at once or in a later turn.
    using Done = std::function<void(const pki::Result<std::string>& authorization)>;

    // All three outlive it.
    TokenSource(const Credentials& credentials, const Clock& clock, Http& http,
                std::string scope)
        : credentials_(credentials), clock_(clock), http_(http), scope_(std::move(scope)) {}

    void get(HttpRequest::Time deadline, Done done);
    // It was not accepted.
    void forget() { authorization_.clear(); }

   private:
    void fetched(const pki::Result<HttpAnswer>& answer);
    std::string form() const;

    const Credentials& credentials_;
    const Clock& clock_;
    Http& http_;
    const std::string scope_;
    std::string authorization_;  // empty: none
    std::int64_t until_ = 0;     // seconds since 1970
    std::vector<Done> waiting_;  // for the request under way
};

}  // namespace signerd
