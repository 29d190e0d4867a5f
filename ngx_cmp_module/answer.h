// The PKIMessage that answers: its header, its protection, and what errors look like in it.
#pragma once

#include "libpki/cmp/status.h"
#include "libpki/wire/messages.h"
#include "ngx_cmp_module/cmp.h"
#include "ngx_common/error_page.h"

namespace ngx_enroll::cmp {

struct Answer {
    pki::cmp::BodyType type = pki::cmp::BodyType::error;
    pki::Buffer body;
    // What stays the same when the answer goes out once more: signerd's, or else our own.
    pki::Buffer sender_nonce = {};
    bool implicit_confirm = false;
    std::int64_t confirm_wait_time = 0;
    bool pvno_3 = false;                        // the body has what came with it
    std::vector<pki::Buffer> extra_certs = {};  // behind those of the protection
};

// Answers the current message: protected as it was (RFC 9483 3.2), signed when it could not be
// verified. NGX_DONE, or a status.
ngx_int_t answer_with(CmpExchange& exchange, Answer answer);

// The same with an error, as the answer to such a message has it (RFC 9483 3.6): ip, cp, kup
// and rp with a rejection, where whose message it is was verified; else an error message.
// `cause`: what the records say instead, a literal.
ngx_int_t answer_failure(CmpExchange& exchange, const pki::Error& error,
                         const char* cause = nullptr);

// What signerd has refused.
ngx_int_t answer_refusal(CmpExchange& exchange, const pki::wire::ErrorReply& error);

// For SignerExchange::take_answer: hands what signerd said to exchange.make_answer, unless it
// is a refusal.
void take_answer(SignerExchange& exchange);

// For error_page.h: signerd was lost on the way. nullptr: there is no message to answer.
const ProtocolError* lost_signer(ngx_http_request_t* r, ngx_uint_t status);

// Sends this PKIMessage. What a content handler returns.
ngx_int_t send_message(CmpExchange& exchange, pki::Bytes message);

// What an answer was to be made of failed here: nobody got it.
ngx_int_t give_up(CmpExchange& exchange, const char* why);

}  // namespace ngx_enroll::cmp
