// The CertRep, signed in a thread.
#pragma once

#include "ngx_scep_module/scep.h"

namespace ngx_enroll::scep {

// Answers with FAILURE. NGX_DONE, or a status.
ngx_int_t answer_failure(ScepExchange& exchange, const pki::Error& error);

// For SignerExchange::take_answer: what signerd said, as a CertRep.
void take_answer(SignerExchange& exchange);

}  // namespace ngx_enroll::scep
