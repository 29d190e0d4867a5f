// Full PKI Responses, signed with est_certificate, in a thread where that takes long.
#pragma once

#include "libpki/cmc/check.h"
#include "ngx_est_module/full_cmc.h"

namespace ngx_enroll::est {

// RFC 7030 4.3.2: an error of HTTP whose body says the same in the terms of CMC. The request
// has been read by then. NGX_DONE, or a status.
ngx_int_t refuse_full_cmc(EstExchange& exchange, const pki::cmc::Objection& objection);

// An objection for this part of the request, 0 being all of it.
pki::cmc::Objection objection_of(const pki::Error& error, pki::cmc::BodyPart part);

// For SignerExchange::take_answer.
void take_full_cmc_answer(SignerExchange& exchange);

}  // namespace ngx_enroll::est
