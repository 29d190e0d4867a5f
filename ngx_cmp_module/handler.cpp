// One request of CMP, in the order in which it happens: path, method, media type, body. What
// the message says comes after that: open.cpp, ask.cpp, reply.cpp, answer.cpp.

#include "libpki/base/ascii.h"
#include "ngx_cmp_module/open.h"
#include "ngx_cmp_module/route.h"
#include "ngx_cmp_module/work.h"
#include "ngx_common/body.h"
#include "ngx_common/guard.h"
#include "ngx_common/headers.h"
#include "ngx_common/log_phase.h"

namespace ngx_enroll::cmp {

namespace {

using pki::Errc;

ngx_int_t refuse_size(CmpExchange& exchange) {
    return refuse_with(exchange, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE, Errc::malformed,
                       "the request body is too large");
}

ngx_int_t refuse_busy(CmpExchange& exchange) {
    return refuse_with(exchange, NGX_HTTP_SERVICE_UNAVAILABLE, Errc::unavailable,
                       "too many requests are being worked on, try again later");
}

ngx_int_t refuse_method(CmpExchange& exchange) {
    add_header(exchange.request, "Allow", lend("POST"));
    return refuse_with(exchange, NGX_HTTP_NOT_ALLOWED, Errc::unsupported,
                       "the method is not allowed here");
}

ngx_int_t take_body(CmpExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    if (!exchange.place.take(zone_of(r), *conf_of(r).limits.location))
        return refuse_busy(exchange);
    const auto body = joined_body(r, pki::limits::kCmpMessage);
    if (!body && body.error().code == Errc::limited) return refuse_size(exchange);
    if (!body)
        return refuse_with(exchange, NGX_HTTP_INTERNAL_SERVER_ERROR, Errc::internal,
                           "internal error");
    exchange.der = pki::to_buffer(*body);
    return open_message(exchange);
}

void after_body(ngx_http_request_t* r) {
    end_with(*find_exchange(r),
             guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                [&] { return take_body(*find_exchange(r)); }));
}

// RFC 9811 3.3; the type compares without case, and may have parameters.
bool has_media_type(const ngx_http_request_t* r) {
    const ngx_table_elt_t* header = r->headers_in.content_type;
    if (header == nullptr) return false;
    std::string_view type = view(header->value);
    type = type.substr(0, type.find(';'));
    while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
    return pki::equal_ignoring_case(type, "application/pkixcmp");
}

ngx_int_t handle(ngx_http_request_t* r) {
    CmpExchange& exchange = exchange_of(r);
    const auto route = find_route(r);
    if (!route)
        return refuse_with(exchange, NGX_HTTP_NOT_FOUND, Errc::not_found, route.error().text);
    exchange.path_profile = exchange.profile = route->profile;
    exchange.labelled = route->labelled;
    exchange.operation = route->operation;
    if (r->method != NGX_HTTP_POST) return refuse_method(exchange);
    if (!has_media_type(r))
        return refuse_with(exchange, NGX_HTTP_UNSUPPORTED_MEDIA_TYPE, Errc::unsupported,
                           "the media type has to be application/pkixcmp");
    if (r->headers_in.content_length_n > static_cast<off_t>(pki::limits::kCmpMessage))
        return refuse_size(exchange);
    if (shed_early(zone_of(r), *conf_of(r).limits.location)) return refuse_busy(exchange);
    return read_body(r, after_body);
}

}  // namespace

CmpExchange& exchange_of(ngx_http_request_t* r) {
    CmpExchange* exchange = find_exchange(r);
    if (exchange == nullptr) {
        exchange = new_in_pool<CmpExchange>(r->pool, r);
        ngx_http_set_ctx(r, static_cast<void*>(exchange), ngx_cmp_module);
        log_phase_exchange(*exchange);
    }
    return *exchange;
}

ngx_int_t refuse_with(CmpExchange& exchange, ngx_int_t status, Errc outcome,
                      std::string_view line) {
    exchange.outcome = pki::name(outcome);
    return refuse(exchange, status, line);
}

ngx_int_t handler(ngx_http_request_t* r) {
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR,
                              [&] { return handle(r); });
}

}  // namespace ngx_enroll::cmp
