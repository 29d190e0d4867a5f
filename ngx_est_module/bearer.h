// Bearer tokens (RFC 6750) for est_auth. Signerd alone knows which are good: the worker hashes
// what a client shows, and a wrong one comes back as an error of signerd.
#pragma once

#include "libpki/wire/messages.h"
#include "ngx_est_module/est.h"

namespace ngx_enroll::est {

enum class BearerState : std::uint8_t { absent, malformed, present };

struct Bearer {
    BearerState state = BearerState::absent;
    std::string_view token;  // a view into the request: never logged
};

// Of the Authorization header. Absent where it has another scheme.
Bearer bearer_of(const ngx_http_request_t* r);

// The challenge of a 401; `error` where a token was refused (RFC 6750 3).
void add_bearer_challenge(ngx_http_request_t* r, const LocConf& conf, const char* error);

// A refusal of what the client shows: of the token, not of its certificate.
bool is_of_token(const EstExchange& exchange, const pki::wire::ErrorReply& error);

// Signerd does not know the token: the challenge, and a failed login of the address.
void bearer_refused(EstExchange& exchange);

}  // namespace ngx_enroll::est
