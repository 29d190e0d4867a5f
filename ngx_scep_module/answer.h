// The CertRep, signed in a thread.
#pragma once

#include "ngx_scep_module/scep.h"

namespace ngx_enroll::scep {

// Answers with FAILURE. `cause`: what the records say instead, a literal. NGX_DONE, or a
// status.
ngx_int_t answer_failure(ScepExchange& exchange, const pki::Error& error,
                         const char* cause = nullptr);

// For SignerExchange::take_answer: what signerd said, as a CertRep.
void take_answer(SignerExchange& exchange);

}  // namespace ngx_enroll::scep
