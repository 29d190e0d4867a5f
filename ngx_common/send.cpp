#include "ngx_common/send.h"

#include "ngx_common/headers.h"

namespace ngx_enroll {

void set_reply_headers(ngx_http_request_t* r, const Reply& reply) {
    r->headers_out.status = reply.status;
    r->headers_out.content_length_n = static_cast<off_t>(reply.body.len);
    r->headers_out.content_type = reply.content_type;
    r->headers_out.content_type_len = reply.content_type.len;
    r->headers_out.content_type_lowcase = nullptr;
    if (reply.retry_after != 0) add_retry_after(r, reply.retry_after);
}

ngx_int_t send_reply(ngx_http_request_t* r, const Reply& reply) {
    set_reply_headers(r, reply);
    const ngx_int_t rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) return rc;
    auto* buffer = static_cast<ngx_buf_t*>(ngx_calloc_buf(r->pool));
    if (buffer == nullptr) return NGX_ERROR;
    buffer->start = buffer->pos = reply.body.data;
    buffer->end = buffer->last = reply.body.data + reply.body.len;
    buffer->memory = 1;
    buffer->last_buf = r == r->main;
    buffer->last_in_chain = 1;
    ngx_chain_t link{buffer, nullptr};
    return ngx_http_output_filter(r, &link);
}

}  // namespace ngx_enroll
