// The client of signerd: one frame out, one frame back, on ngx_http_upstream, whose
// keepalive, timeouts and failover it uses.
//
// A request that was sent is never sent again by nginx, to no other signerd either, GET
// included: signing is not idempotent where nginx can see it. What cannot be reached or
// does not answer in time becomes 503 (error_page.h).
#pragma once

#include <string>

#include "libpki/wire/messages.h"
#include "ngx_common/exchange.h"
#include "ngx_common/send.h"

namespace ngx_enroll {

// A conversation with signerd, part of a protocol's context.
struct SignerExchange : Exchange {
    using Exchange::Exchange;

    // Makes the reply out of signerd's answer. malformed: not an answer that we understand.
    using ReplyBuilder = pki::Result<Reply> (*)(SignerExchange&, const pki::wire::Frame&);

    // Takes `answer` instead, where the reply needs a thread: nginx's upstream is over by then,
    // the connection to signerd given back, and whoever takes the answer ends the request or
    // asks something else. The place is kept.
    using AnswerTaker = void (*)(SignerExchange&);

    ~SignerExchange();

    pki::Buffer frame;
    std::uint64_t id = 0;
    ReplyBuilder build_reply = nullptr;
    AnswerTaker take_answer = nullptr;
    pki::Buffer answer;     // signerd's frame, for take_answer
    ngx_uint_t method = 0;  // the client's, while ours stands in its place
    ngx_event_t answered_event{};
    ngx_recv_pt receive = nullptr;  // the connection's, while ours stands in its place
};

// In the content handler, or after the body was read: sends the frame of the exchange.
// The request is finalized when the answer is there. NGX_DONE, or a status. Again, when an
// answer was taken: with another frame and id, and nothing looks into the old answer any more.
// The exchange may be gone when this returns.
ngx_int_t ask_signer(SignerExchange& exchange, ngx_http_upstream_conf_t& conf,
                     ngx_module_t& module);

// The number of the next request of this worker, for frames.
std::uint64_t next_request_id();

}  // namespace ngx_enroll
