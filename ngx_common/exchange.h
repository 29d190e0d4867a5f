// What the modules know of one request, whatever its protocol.
#pragma once

#include "ngx_common/bulkhead.h"
#include "ngx_common/nginx.h"
#include "ngx_common/pool.h"

namespace ngx_enroll {

struct Exchange {
    explicit Exchange(ngx_http_request_t* r) : request(r) {}

    ngx_http_request_t* request;

    // The line of text/plain that explains a refusal of ours; empty: the status's own.
    ngx_str_t error_line{};
    bool error_without_body = false;
    // The status that refuse() was given; 0: it was not called.
    ngx_int_t refused = 0;
    // Why, for the audit log alone: a literal. nullptr: the line tells all.
    const char* cause = nullptr;
    bool asked = false;  // signerd was
    // The response is made of what signerd said, complete: error_page.h keeps off.
    bool answered = false;
    bool complete = false;  // so is one of the protocol's that signerd has no part in

    time_t retry_after = 0;  // seconds, where the location's own value would mislead

    Place place;  // among the requests that are being worked on

    bool error_page = false;  // error_page.h replaces the body of this response
    ngx_str_t error_body{};   // by this one
    bool error_page_sent = false;
    ngx_uint_t upstream_status = 0;  // what the client never sees: 502, 504, a protocol's error
};

// signerd was asked and gave no answer that could be understood.
inline bool unanswered(const Exchange& exchange) {
    return exchange.asked && !exchange.answered;
}

// Ends the handler with this status; the client gets the line, which is copied, as text/plain.
inline ngx_int_t refuse(Exchange& exchange, ngx_int_t status, std::string_view line) {
    exchange.error_line = copy_to_pool(exchange.request->pool, line);
    exchange.refused = status;
    return status;
}

}  // namespace ngx_enroll
