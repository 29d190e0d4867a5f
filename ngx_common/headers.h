// Headers of requests and responses.
#pragma once

#include <optional>
#include <string_view>

#include "ngx_common/nginx.h"

namespace ngx_enroll {

enum class Presence { absent, once, repeated };

struct HeaderValue {
    Presence presence = Presence::absent;
    std::string_view value;  // of the first one; a view into the request
};

// The name compares without case.
HeaderValue find_header(const ngx_http_request_t* r, std::string_view name);

// The name is a literal; the value is not copied and must live as long as the request.
ngx_table_elt_t* add_header(ngx_http_request_t* r, std::string_view name, ngx_str_t value);

// Retry-After in seconds (RFC 9110 10.2.3).
void add_retry_after(ngx_http_request_t* r, time_t seconds);

}  // namespace ngx_enroll
