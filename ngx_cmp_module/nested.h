// Messages in a message of an RA: one, to which it has added its protection, or several at once
// (RFC 9483 5.2.2).
#pragma once

#include "ngx_cmp_module/cmp.h"

namespace ngx_enroll::cmp {

// The RA's message is `current`, and verified. Its own protection says whom it comes by way of;
// whose the messages in it are, their own does. NGX_DONE, or a status.
ngx_int_t start_nested(CmpExchange& exchange);

// `answer` is the one to `current`, which is nested; the next one comes now.
ngx_int_t take_nested_answer(CmpExchange& exchange, pki::Buffer answer);

// The current message was refused here: when it is one of several, nobody else will tell.
void record_nested_refusal(CmpExchange& exchange);

}  // namespace ngx_enroll::cmp
