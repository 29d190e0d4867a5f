// The request's body in one piece. nginx may hand it over in several buffers, spooled to
// a temporary file, chunked and of unknown length; all of that ends here.
#pragma once

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll {

// Reads the body, which a GET has none of, and goes on with `handler`, which ends the request.
// NGX_DONE, or a status.
ngx_int_t read_body(ngx_http_request_t* r, ngx_http_client_body_handler_pt handler);

// After ngx_http_read_client_request_body() has called its handler. A view into the
// request's pool, at most `limit` bytes: limited when there is more, internal when the
// temporary file cannot be read.
pki::Result<pki::Bytes> joined_body(ngx_http_request_t* r, std::size_t limit);

}  // namespace ngx_enroll
