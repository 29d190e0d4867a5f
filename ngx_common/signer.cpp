#include "ngx_common/signer.h"

#include <array>
#include <utility>

#include "ngx_common/guard.h"
#include "ngx_common/headers.h"

namespace ngx_enroll {

namespace {

SignerExchange& exchange_of(ngx_http_request_t* r) {
    return *static_cast<SignerExchange*>(r->upstream->input_filter_ctx);
}

ngx_int_t create_request(ngx_http_request_t* r) {
    SignerExchange& exchange = exchange_of(r);
    auto* buffer = static_cast<ngx_buf_t*>(ngx_calloc_buf(r->pool));
    ngx_chain_t* link = ngx_alloc_chain_link(r->pool);
    if (buffer == nullptr || link == nullptr) return NGX_ERROR;
    buffer->start = buffer->pos = exchange.frame.data();
    buffer->end = buffer->last = buffer->pos + exchange.frame.size();
    buffer->memory = 1;
    // Without it a second request on a kept TLS connection stays in the SSL buffer.
    buffer->flush = 1;
    *link = {buffer, nullptr};
    r->upstream->request_bufs = link;
    return NGX_OK;
}

// Before a request goes to the next signerd: nothing of it was sent.
ngx_int_t reinit_request(ngx_http_request_t*) { return NGX_OK; }

// The frame is larger than the buffer: one that fits, with what is there.
bool grow_buffer(ngx_http_request_t* r, std::size_t size) {
    ngx_buf_t& buffer = r->upstream->buffer;
    auto* larger = static_cast<u_char*>(ngx_palloc(r->pool, size));
    if (larger == nullptr) return false;
    u_char* last = ngx_cpymem(larger, buffer.pos, buffer.last - buffer.pos);
    OPENSSL_cleanse(buffer.pos, static_cast<std::size_t>(buffer.last - buffer.pos));
    buffer.start = buffer.pos = larger;
    buffer.last = last;
    buffer.end = larger + size;
    return true;
}

// nginx's non-buffered path sends what stands in u->buffer: let the reply stand there.
void hand_over(ngx_http_request_t* r, const Reply& reply) {
    ngx_http_upstream_t* u = r->upstream;
    u->headers_in.status_n = reply.status;
    u->state->status = reply.status;
    u->headers_in.content_length_n = static_cast<off_t>(reply.body.len);
    set_reply_headers(r, reply);
    u->buffer.start = u->buffer.pos = reply.body.data;
    u->buffer.end = u->buffer.last = reply.body.data + reply.body.len;
    u->keepalive = 1;
}

ngx_int_t bad_answer(ngx_http_request_t* r, const char* why) {
    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "signerd sent a bad answer: %s", why);
    return NGX_HTTP_UPSTREAM_INVALID_HEADER;
}

// In a turn of its own, since nginx's upstream goes on to use what this ends.
void on_answered(ngx_event_t* event) {
    auto& exchange = *static_cast<SignerExchange*>(event->data);
    ngx_http_request_t* r = exchange.request;
    ngx_connection_t* c = r->connection;
    ngx_http_set_log_request(c->log, r);
    r->main->count++;  // the upstream gives back that of the body
    (*r->upstream->cleanup)(r);
    // nginx's upstream would end the request once more when the client goes away.
    r->read_event_handler = ngx_http_block_reading;
    exchange.answered = true;
    exchange.take_answer(exchange);
    ngx_http_run_posted_requests(c);
}

// nginx reads on at once, and a signerd that has closed behind its last answer would be one
// that gave none.
ssize_t receive_nothing(ngx_connection_t*, u_char*, size_t) { return NGX_AGAIN; }

// "Again" tells nginx that there is more to come; before that, the request is ours.
ngx_int_t keep_answer(SignerExchange& exchange, pki::Bytes frame) {
    ngx_http_upstream_t* u = exchange.request->upstream;
    exchange.answer = pki::to_buffer(frame);
    // There may be a private key in it, and the pool wipes nothing.
    OPENSSL_cleanse(u->buffer.pos, frame.size());
    exchange.receive = std::exchange(u->peer.connection->recv, receive_nothing);
    u->buffer.last = u->buffer.pos;  // a full buffer would be a header that is too large
    u->state->status = NGX_HTTP_OK;
    u->keepalive = 1;
    exchange.answered_event.data = &exchange;
    exchange.answered_event.log = exchange.request->connection->log;
    exchange.answered_event.handler = on_answered;
    ngx_post_event(&exchange.answered_event, &ngx_posted_events);
    return NGX_AGAIN;
}

ngx_int_t read_answer(ngx_http_request_t* r) {
    ngx_buf_t& buffer = r->upstream->buffer;
    const pki::Bytes received(buffer.pos, buffer.last);
    const auto size = pki::wire::frame_size(received);
    if (!size) return bad_answer(r, size.error().text);
    if (*size == 0 || *size > received.size()) {
        const auto room = static_cast<std::size_t>(buffer.end - buffer.pos);
        return *size > room && !grow_buffer(r, *size) ? NGX_ERROR : NGX_AGAIN;
    }
    if (*size < received.size()) return bad_answer(r, "bytes after the frame");

    SignerExchange& exchange = exchange_of(r);
    const auto frame = pki::wire::parse_frame(received);
    if (!frame) return bad_answer(r, frame.error().text);
    if (frame->header.id != exchange.id) return bad_answer(r, "it answers another request");
    if (exchange.take_answer != nullptr) return keep_answer(exchange, received);
    auto reply = exchange.build_reply(exchange, *frame);
    if (!reply) return bad_answer(r, reply.error().text);
    exchange.answered = true;
    hand_over(r, *reply);
    return NGX_OK;
}

ngx_int_t process_header(ngx_http_request_t* r) {
    return guarded<ngx_int_t>(r->connection->log, NGX_ERROR, [&] { return read_answer(r); });
}

ngx_int_t input_filter_init(void* data) {
    ngx_http_upstream_t* u = static_cast<SignerExchange*>(data)->request->upstream;
    u->length = u->headers_in.content_length_n;
    return NGX_OK;
}

ngx_int_t input_filter(void* data, ssize_t size) {
    ngx_http_request_t* r = static_cast<SignerExchange*>(data)->request;
    ngx_http_upstream_t* u = r->upstream;
    ngx_chain_t** last = &u->out_bufs;
    while (*last != nullptr) last = &(*last)->next;
    ngx_chain_t* link = ngx_chain_get_free_buf(r->pool, &u->free_bufs);
    if (link == nullptr) return NGX_ERROR;
    *last = link;
    link->buf->flush = 1;
    link->buf->memory = 1;
    link->buf->tag = u->output.tag;
    link->buf->pos = u->buffer.last;
    u->buffer.last += size;
    link->buf->last = u->buffer.last;
    u->length -= size;
    return NGX_OK;
}

void abort_request(ngx_http_request_t*) {}

// nginx sends a GET again that was sent already; a POST it does not.
void forbid_replay(SignerExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    exchange.method = r->method;
    if (r->method == NGX_HTTP_HEAD) r->header_only = 1;
    r->method = NGX_HTTP_POST;
}

// The macro is two statements.
void forget(ngx_event_t& event) {
    if (!event.posted) return;
    ngx_delete_posted_event(&event);
}

// Whatever error_page leads to sees the client's method again.
void finalize_request(ngx_http_request_t* r, ngx_int_t) {
    SignerExchange& exchange = exchange_of(r);
    r->method = exchange.method;
    if (exchange.receive != nullptr)
        r->upstream->peer.connection->recv = std::exchange(exchange.receive, nullptr);
    if (exchange.answer.empty()) exchange.place.leave();
    forget(exchange.answered_event);
}

}  // namespace

SignerExchange::~SignerExchange() { forget(answered_event); }

ngx_int_t ask_signer(SignerExchange& exchange, ngx_http_upstream_conf_t& conf,
                     ngx_module_t& module) {
    ngx_http_request_t* r = exchange.request;
    if (ngx_http_upstream_create(r) != NGX_OK) return NGX_HTTP_INTERNAL_SERVER_ERROR;
    ngx_http_upstream_t* u = r->upstream;
    ngx_str_set(&u->schema, "signerd://");
    u->output.tag = static_cast<ngx_buf_tag_t>(&module);
    u->conf = &conf;
    u->create_request = create_request;
    u->reinit_request = reinit_request;
    u->process_header = process_header;
    u->abort_request = abort_request;
    u->finalize_request = finalize_request;
    u->input_filter_init = input_filter_init;
    u->input_filter = input_filter;
    u->input_filter_ctx = &exchange;
    forbid_replay(exchange);
    exchange.asked = true;
    exchange.answered = false;
    OPENSSL_cleanse(exchange.answer.data(), exchange.answer.size());
    exchange.answer.clear();
    ngx_http_upstream_init(r);
    return NGX_DONE;
}

std::uint64_t next_request_id() {
    static std::uint64_t last = 0;
    return ++last;
}

}  // namespace ngx_enroll
