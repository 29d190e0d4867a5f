// How long a response may be kept by whoever passes it on: headers of a list or an OCSP
// response with a time of its own (RFC 5019 6.2, RFC 9111).
#pragma once

#include "ngx_common/nginx.h"
#include "ngx_common/pool.h"

namespace ngx_enroll::enroll {

struct Freshness {
    time_t this_update;
    time_t next_update;
    std::string_view tag;  // of this very content: visible ASCII without quotes
    bool must_revalidate;
};

// Last-Modified, ETag, Expires and Cache-Control; no filter may change what is signed. Throws
// std::bad_alloc.
void add_freshness(ngx_http_request_t* r, const Freshness& freshness);

// What nobody may keep.
void add_no_store(ngx_http_request_t* r);

}  // namespace ngx_enroll::enroll
