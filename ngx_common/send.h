// A complete response out of one piece of memory.
#pragma once

#include "ngx_common/nginx.h"

namespace ngx_enroll {

// What goes back to the client. The views must live as long as the request.
struct Reply {
    ngx_uint_t status = NGX_HTTP_OK;
    ngx_str_t content_type{};
    ngx_str_t body{};
    time_t retry_after = 0;  // 0: no such header
};

// Status, type, length and Retry-After among the response's headers; nothing is sent.
void set_reply_headers(ngx_http_request_t* r, const Reply& reply);

// Sends all of it. What a content handler may return.
ngx_int_t send_reply(ngx_http_request_t* r, const Reply& reply);

}  // namespace ngx_enroll
