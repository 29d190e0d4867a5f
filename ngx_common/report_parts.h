// What the records of the modules' own refusals have in common.
#pragma once

#include "ngx_common/decision.h"
#include "ngx_common/report_log.h"
#include "ngx_common/signer.h"

namespace ngx_enroll {

// An outcome that is no error code is one of a status: the client was too slow, or nobody
// knows more than that it is the client's fault.
pki::Errc reason_of(Outcome outcome);

// Nothing may have been sent, and error_page can make numbers that are no status; signerd
// refuses a report with such. Then it is what we meant to send, or that the client went away.
ngx_uint_t reported_status(const Decision& decision);

// 400 by nginx's SSL module, before there is a location.
void add_refused_certificate(NginxDecision& report, const Decision& decision);

// What signerd would have recorded, had it answered.
void add_unanswered_request(NginxDecision& report, const SignerExchange& exchange);

}  // namespace ngx_enroll
