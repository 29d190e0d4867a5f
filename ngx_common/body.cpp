#include "ngx_common/body.h"

#include <new>

namespace ngx_enroll {

namespace {

std::size_t body_size(const ngx_chain_t* chain) {
    std::size_t size = 0;
    for (; chain != nullptr; chain = chain->next)
        size += static_cast<std::size_t>(ngx_buf_size(chain->buf));
    return size;
}

// Copies one buffer to `to`, from memory or from the spool file.
bool copy_buffer(ngx_buf_t* buffer, u_char* to) {
    const auto size = static_cast<std::size_t>(ngx_buf_size(buffer));
    if (size == 0) return true;  // a buffer that only marks the end has no memory and no file
    if (ngx_buf_in_memory(buffer)) {
        ngx_memcpy(to, buffer->pos, size);
        return true;
    }
    return ngx_read_file(buffer->file, to, size, buffer->file_pos) ==
           static_cast<ssize_t>(size);
}

}  // namespace

ngx_int_t read_body(ngx_http_request_t* r, ngx_http_client_body_handler_pt handler) {
    const ngx_int_t rc = ngx_http_read_client_request_body(r, handler);
    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}

pki::Result<pki::Bytes> joined_body(ngx_http_request_t* r, std::size_t limit) {
    if (r->request_body == nullptr || r->request_body->bufs == nullptr) return pki::Bytes();
    ngx_chain_t* chain = r->request_body->bufs;
    const std::size_t size = body_size(chain);
    if (size > limit) return pki::fail(pki::Errc::limited, "the request body is too large");
    if (chain->next == nullptr && ngx_buf_in_memory(chain->buf))
        return pki::Bytes(chain->buf->pos, size);

    auto* joined = static_cast<u_char*>(ngx_pnalloc(r->pool, size));
    if (joined == nullptr) throw std::bad_alloc();
    u_char* to = joined;
    for (; chain != nullptr; chain = chain->next) {
        if (!copy_buffer(chain->buf, to))
            return pki::fail(pki::Errc::internal, "the spooled request body cannot be read");
        to += ngx_buf_size(chain->buf);
    }
    return pki::Bytes(joined, size);
}

}  // namespace ngx_enroll
