// What signerd is asked for a message whose sender is known.
#pragma once

#include "ngx_cmp_module/answer.h"

namespace ngx_enroll::cmp {

// Goes on with the current message after its protection was verified. NGX_DONE, or a status.
ngx_int_t proceed(CmpExchange& exchange);

// Sends one question. `make` gets the answer, and with `takes_errors` signerd's refusal too.
// The exchange may be gone when this returns.
template <class Message>
ngx_int_t ask(CmpExchange& exchange, const Message& message, AnswerMaker make,
              bool takes_errors = false) {
    exchange.id = next_request_id();
    auto frame = pki::wire::encode(message, exchange.id);
    if (!frame) return answer_failure(exchange, frame.error());
    exchange.frame = std::move(*frame);
    exchange.take_answer = take_answer;
    exchange.make_answer = make;
    exchange.takes_errors = takes_errors;
    return ask_signer(exchange, conf_of(exchange.request).upstream, ngx_cmp_module);
}

}  // namespace ngx_enroll::cmp
