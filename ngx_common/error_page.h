// Every error of an enrolment location as one line of text/plain or JSON, and 503 with
// Retry-After wherever nginx's upstream would say 502 or 504. Devices choke on HTML, and a CA
// behind the server is not their business.
//
// It covers the refusals of stock modules too (413, limit_conn, auth_request): a header and a
// body filter look at what leaves a location of ours. error_page of the operator comes first.
//
// A protocol that has errors of its own, which travel with 200, says what they look like.
#pragma once

#include "ngx_common/exchange.h"

namespace ngx_enroll {

struct ErrorPagePolicy {
    bool enabled = false;
    time_t retry_after = 0;  // seconds, with 503 and 429
    bool json = false;       // {"error": "the line"}
};

// A complete response of the protocol, which lives as long as the request at least.
struct ProtocolError {
    ngx_str_t content_type;
    ngx_str_t body;
};

// What a module tells of itself.
struct ErrorPageClient {
    ngx_module_t* module;
    // The policy of the request's location.
    ErrorPagePolicy (*policy)(ngx_http_request_t* r);
    // The module's context of the request, made when there is none yet.
    Exchange* (*exchange)(ngx_http_request_t* r);
    // What stands for an error with this status in the location; nullptr: the line. The pointer
    // itself may be nullptr.
    const ProtocolError* (*protocol_error)(ngx_http_request_t* r, ngx_uint_t status) = nullptr;
};

// In the module's postconfiguration, which runs only when a configuration was read to its
// end: what an earlier one registered holds until then. NGX_OK or NGX_ERROR; throws
// std::bad_alloc.
ngx_int_t error_page_register(ngx_conf_t* cf, const ErrorPageClient& client);

}  // namespace ngx_enroll
