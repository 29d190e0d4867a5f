// The CertRep, signed in a thread.
#pragma once

#include "libpki/wire/messages.h"
#include "ngx_scep_module/scep.h"

namespace ngx_enroll::scep {

// Answers with FAILURE. `cause`: what the records say instead, a literal. NGX_DONE, or a
// status.
ngx_int_t answer_failure(ScepExchange& exchange, const pki::Error& error,
                         const char* cause = nullptr);

// For SignerExchange::take_answer: what signerd said, as a CertRep.
void take_answer(SignerExchange& exchange);

// The same for other kinds of answers: `make` sends the response or sets a thread to it.
// malformed: not an answer that we understand.
using AnswerMaker = pki::Result<ngx_int_t> (*)(ScepExchange& exchange,
                                               const pki::wire::Frame& frame);
void take_answer(ScepExchange& exchange, AnswerMaker make);

// signerd's error as a line of text/plain: not an answer of the CA to a message, so none of the
// protocol's.
Reply error_reply(ScepExchange& exchange, const pki::wire::ErrorReply& error);

// What was to be made of signerd's answer failed here: nobody got it.
ngx_int_t give_up(ScepExchange& exchange, const char* why);

}  // namespace ngx_enroll::scep
