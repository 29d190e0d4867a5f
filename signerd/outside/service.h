// Who is asked outside: one for each challenge.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "signerd/clock.h"
#include "signerd/outside/http.h"
#include "signerd/outside/protocol.h"
#include "signerd/outside/rules.h"

namespace signerd {

class Service {
   public:
    // ok: a clear yes. unauthenticated: a clear no. Any other error: neither.
    using Done = std::function<void(const pki::Status& verdict)>;

    virtual ~Service() = default;
    // `question` is a view that ends with the call.
    virtual void handle(const OutsideQuestion& question, HttpRequest::Time deadline,
                        Done done) = 0;
};

// Read the secrets that the rules name. `clock` and `http` outlive what is made.
pki::Result<std::unique_ptr<Service>> make_webhook(const WebhookRules& rules,
                                                   const Clock& clock, Http& http);
pki::Result<std::unique_ptr<Service>> make_intune(const IntuneRules& rules, const Clock& clock,
                                                  Http& http);

// The body of a webhook's request.
std::string webhook_body(const OutsideQuestion& question);
// The value of X-Enroll-Signature: "t=<now>,v1=<hex of HMAC-SHA-256(secret, <now> "." body)>".
std::string webhook_signature(pki::Bytes secret, std::int64_t now, std::string_view body);

// The body of a request to Intune, and the last part of its URL.
std::string intune_body(const OutsideQuestion& question);
const char* intune_action(OutsideEvent event);

}  // namespace signerd
