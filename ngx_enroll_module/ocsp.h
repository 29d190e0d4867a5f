// enroll_ocsp: answers out of the cache or from signerd. What OCSP has a word for is answered
// with 200 and that word (RFC 6960 A.1, 4.2.1).
#pragma once

#include "libpki/x509/ocsp.h"
#include "ngx_enroll_module/enroll.h"

namespace ngx_enroll::enroll {

// At configuration: the answers without a response, by OcspError. Throws std::bad_alloc.
ProtocolError* make_ocsp_errors(ngx_pool_t* pool);

// What stands for an error with this status, whoever made it; nullptr: nothing.
const ProtocolError* ocsp_error_for(ngx_http_request_t* r, ngx_uint_t status);

// The content handler.
ngx_int_t serve_ocsp(EnrollExchange& exchange);

}  // namespace ngx_enroll::enroll
