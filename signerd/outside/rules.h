// The parts of signerd.json that the outside child works by.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "libpki/ossl/digest.h"

namespace signerd {

// "outside".
struct OutsideRules {
    std::string user;  // account that root becomes for it; empty: the front's
    std::string group;
    std::vector<std::string> hosts;  // url.h: the only ones that are called
    std::size_t connections = 8;     // at the same time
    std::int64_t timeout = 5;        // seconds for one question, unless the challenge says
    std::string ca_file;             // PEM: who vouches for these hosts
};

// A challenge of the type "webhook".
struct WebhookRules {
    std::string url;
    std::string secret_path;
    std::int64_t timeout = 0;  // seconds
    bool notify = true;        // tells it the outcome as well
};

// A challenge of the type "intune".
struct IntuneRules {
    std::string tenant_id;
    std::string client_id;
    std::string secret_path;
    std::string authority;  // https://login.microsoftonline.com
    std::string discovery;  // the URL that lists the services of a tenant
    std::string endpoint;   // the URL of the service; empty: discovered
    std::string scope;      // of the token for the service
    std::int64_t timeout = 0;
    bool notify = true;
};

using OutsideChallengeRules = std::variant<WebhookRules, IntuneRules>;

// What the child reads, and the front in the same way.
struct OutsideConfig {
    OutsideRules rules;
    std::map<std::string, OutsideChallengeRules> challenges;  // by name
};

// Equal when both sides have read the same.
pki::ossl::Sha256 facts_of(const OutsideConfig& config);

std::int64_t timeout_of(const OutsideChallengeRules& rules);
bool wants_notices(const OutsideChallengeRules& rules);

}  // namespace signerd
