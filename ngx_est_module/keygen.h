// serverkeygen (RFC 7030 4.4): how its key is to go, and signerd's answer as one of EST.
#pragma once

#include "ngx_est_module/est.h"

namespace ngx_enroll::est {

// Before signerd is asked, with the DER of the request. What it refuses ends the request.
pki::Status prepare_key_delivery(EstExchange& exchange, pki::Buffer der);

// SignerExchange::take_answer: encrypts the key where it is to be, in a thread, and ends the
// request with 200 or what signerd's refusal is.
void take_key_answer(SignerExchange& exchange);

}  // namespace ngx_enroll::est
