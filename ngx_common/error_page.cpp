#include "ngx_common/error_page.h"

#include <array>
#include <string>

#include "ngx_common/first_in_cycle.h"
#include "ngx_common/guard.h"
#include "ngx_common/headers.h"
#include "ngx_common/status_text.h"

namespace ngx_enroll {

namespace {

// One set of filters serves all modules that are linked together.
std::array<ErrorPageClient, 4> clients;
std::size_t client_count = 0;
const ngx_cycle_t* client_cycle;  // the configuration that they belong to

ngx_http_output_header_filter_pt next_header_filter;
ngx_http_output_body_filter_pt next_body_filter;

std::string_view default_line(ngx_uint_t status) {
    switch (status) {
        case 400: return "the request is malformed";
        case 401: return "authentication is required";
        case 403: return "not allowed";
        case 404: return "no such resource";
        case 405: return "the method is not allowed here";
        case 408: return "the request took too long";
        case 413: return "the request body is too large";
        case 415: return "the media type is not supported";
        case 429: return "too many requests, try again later";
        case 503: return "the service is not available, try again later";
        default: return status >= 500 ? "internal error" : "the request was refused";
    }
}

// Our own faults of reaching signerd are overload to the client: it may try again.
ngx_uint_t client_status(ngx_uint_t status) {
    return status == NGX_HTTP_BAD_GATEWAY || status == NGX_HTTP_GATEWAY_TIME_OUT
               ? NGX_HTTP_SERVICE_UNAVAILABLE
               : status;
}

void set_head(ngx_http_request_t* r, ngx_uint_t status, const ngx_str_t& content_type,
              std::size_t size) {
    r->headers_out.status = status;
    r->headers_out.status_line.len = 0;
    r->headers_out.content_type = content_type;
    r->headers_out.content_type_len = content_type.len;
    r->headers_out.content_type_lowcase = nullptr;
    ngx_http_clear_content_length(r);
    r->headers_out.content_length_n = static_cast<off_t>(size);
}

void become_protocol_error(Exchange& exchange, const ProtocolError& error) {
    ngx_http_request_t* r = exchange.request;
    exchange.upstream_status = r->headers_out.status;
    set_head(r, NGX_HTTP_OK, error.content_type, error.body.len);
    r->err_status = 0;  // the access log would show it
    add_header(r, "Cache-Control", lend("no-store"));
    exchange.error_body = error.body;
    exchange.error_page = true;
}

std::string body_of(std::string_view line, bool json) {
    return json ? "{\"error\": " + json_quoted(line) + "}\n" : std::string(line) + "\n";
}

void become_error_page(Exchange& exchange, const ErrorPagePolicy& policy) {
    ngx_http_request_t* r = exchange.request;
    const ngx_uint_t status = client_status(r->headers_out.status);
    if (status != r->headers_out.status) {
        exchange.upstream_status = r->headers_out.status;
        exchange.error_line = {};
    }
    if (exchange.error_line.len == 0) exchange.error_line = lend(default_line(status));
    exchange.error_body =
        exchange.error_without_body
            ? ngx_str_t{}
            : copy_to_pool(r->pool, body_of(view(exchange.error_line), policy.json));
    set_head(r, status, lend(policy.json ? "application/json" : "text/plain"),
             exchange.error_body.len);
    r->err_status = status;
    if (status == NGX_HTTP_SERVICE_UNAVAILABLE || status == NGX_HTTP_TOO_MANY_REQUESTS)
        add_retry_after(r,
                        exchange.retry_after != 0 ? exchange.retry_after : policy.retry_after);
    exchange.error_page = true;
}

const ErrorPageClient* client_of(ngx_http_request_t* r, ErrorPagePolicy& policy) {
    for (std::size_t i = 0; i < client_count; i++) {
        policy = clients[i].policy(r);
        if (policy.enabled) return &clients[i];
    }
    return nullptr;
}

void become_error(const ErrorPageClient& client, Exchange& exchange,
                  const ErrorPagePolicy& policy) {
    ngx_http_request_t* r = exchange.request;
    const ProtocolError* error = client.protocol_error != nullptr
                                     ? client.protocol_error(r, r->headers_out.status)
                                     : nullptr;
    if (error != nullptr)
        become_protocol_error(exchange, *error);
    else
        become_error_page(exchange, policy);
}

ngx_int_t header_filter(ngx_http_request_t* r) {
    return guarded<ngx_int_t>(r->connection->log, NGX_ERROR, [&]() -> ngx_int_t {
        ErrorPagePolicy policy;
        if (r == r->main && r->headers_out.status >= NGX_HTTP_BAD_REQUEST) {
            if (const ErrorPageClient* client = client_of(r, policy)) {
                Exchange* exchange = client->exchange(r);
                if (!exchange->answered && !exchange->complete)
                    become_error(*client, *exchange, policy);
            }
        }
        return next_header_filter(r);
    });
}

Exchange* error_page_of(ngx_http_request_t* r) {
    for (std::size_t i = 0; i < client_count; i++) {
        auto* exchange =
            static_cast<Exchange*>(ngx_http_get_module_ctx(r, (*clients[i].module)));
        if (exchange != nullptr && exchange->error_page) return exchange;
    }
    return nullptr;
}

ngx_int_t send_body(Exchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    auto* buffer = static_cast<ngx_buf_t*>(ngx_calloc_buf(r->pool));
    ngx_chain_t* link = ngx_alloc_chain_link(r->pool);
    if (buffer == nullptr || link == nullptr) return NGX_ERROR;
    // Without a body it only marks the end.
    buffer->memory = exchange.error_body.len != 0;
    buffer->start = buffer->pos = exchange.error_body.data;
    buffer->end = buffer->last = buffer->pos + exchange.error_body.len;
    buffer->last_buf = 1;
    buffer->last_in_chain = 1;
    *link = {buffer, nullptr};
    exchange.error_page_sent = true;
    return next_body_filter(r, link);
}

ngx_int_t body_filter(ngx_http_request_t* r, ngx_chain_t* in) {
    Exchange* exchange = in == nullptr || r != r->main ? nullptr : error_page_of(r);
    if (exchange == nullptr) return next_body_filter(r, in);
    // What the page's first author wrote is consumed here.
    for (ngx_chain_t* link = in; link != nullptr; link = link->next)
        link->buf->pos = link->buf->last;
    return exchange->error_page_sent ? NGX_OK : send_body(*exchange);
}

}  // namespace

ngx_int_t error_page_register(ngx_conf_t* cf, const ErrorPageClient& client) {
    if (first_in_cycle(cf, client_cycle)) client_count = 0;
    if (client_count == clients.size()) return NGX_ERROR;
    if (client_count == 0) {
        next_header_filter = ngx_http_top_header_filter;
        ngx_http_top_header_filter = header_filter;
        next_body_filter = ngx_http_top_body_filter;
        ngx_http_top_body_filter = body_filter;
    }
    clients[client_count++] = client;
    return NGX_OK;
}

}  // namespace ngx_enroll
