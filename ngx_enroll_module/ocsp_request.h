// An OCSP request as HTTP brings it (RFC 6960 A.1).
#pragma once

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll::enroll {

// Of a GET: the base64 behind the location's name, out of the path as it was sent, since nginx
// merges the slashes that base64 may hold one after the other.
pki::Result<pki::Buffer> request_of_path(ngx_http_request_t* r);

// The value of a Content-Type is this type, in lower case, with whatever parameters.
bool is_media_type(std::string_view value, std::string_view type);

}  // namespace ngx_enroll::enroll
