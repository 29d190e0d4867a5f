// What signerd's answers become in a PKIMessage: AnswerMakers for the questions of ask.cpp.
#pragma once

#include "libpki/wire/messages.h"
#include "ngx_cmp_module/cmp.h"

namespace ngx_enroll::cmp {

// A certificate, or that a person decides: to a request or to a poll.
pki::Result<ngx_int_t> on_issued(CmpExchange& exchange, const pki::wire::Frame& frame);
pki::Result<ngx_int_t> on_confirmed(CmpExchange& exchange, const pki::wire::Frame& frame);
// An error message is confirmed, also one of a transaction that is over or unknown: the client
// does not go on. With signerd's errors.
pki::Result<ngx_int_t> on_given_up(CmpExchange& exchange, const pki::wire::Frame& frame);
pki::Result<ngx_int_t> on_revoked(CmpExchange& exchange, const pki::wire::Frame& frame);

}  // namespace ngx_enroll::cmp
