// What signerd is asked for a message that was opened.
#pragma once

#include "libpki/wire/messages.h"
#include "ngx_scep_module/scep.h"

namespace ngx_enroll::scep {

// NGX_DONE, or a status.
ngx_int_t ask_signerd(ScepExchange& exchange);

// Sends one question, for which build_reply or take_answer is set.
template <class Message>
ngx_int_t ask(ScepExchange& exchange, const Message& message) {
    exchange.id = next_request_id();
    auto frame = pki::wire::encode(message, exchange.id);
    if (!frame) return refuse_with(exchange, frame.error());
    exchange.frame = std::move(*frame);
    return ask_signer(exchange, conf_of(exchange.request).upstream, ngx_scep_module);
}

}  // namespace ngx_enroll::scep
