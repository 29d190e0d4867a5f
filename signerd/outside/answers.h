// What comes from outside, as JSON, and what it means. Nothing here trusts a byte of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "signerd/outside/http.h"

namespace signerd {

// {"allow": true}, with status 200, alone is ok. {"allow": false} is unauthenticated, with its
// "reason" in the detail. All else is unavailable: there is no clear answer.
pki::Status webhook_verdict(const HttpAnswer& answer);

// {"code": "Success"}, with status 200, alone is ok. Another code is unauthenticated, and
// stands in the detail. All else is unavailable.
pki::Status intune_verdict(const HttpAnswer& answer);

struct AccessToken {
    std::string text;           // what stands in a header
    std::int64_t lifetime = 0;  // seconds
};

// RFC 6749 5.1: {"access_token", "token_type": "Bearer", "expires_in"}. unavailable otherwise;
// the detail has the "error" of 5.2, never a token.
pki::Result<AccessToken> read_token(const HttpAnswer& answer);

// {"value": [{"providerName" or "serviceName", "uri"}]}: the URI of this service, without a
// slash at its end. unavailable when there is none. Not checked: that it may be called.
pki::Result<std::string> read_endpoint(const HttpAnswer& answer, std::string_view service);

}  // namespace signerd
