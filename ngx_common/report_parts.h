// What the records of the modules' own refusals have in common.
#pragma once

#include "ngx_common/decision.h"
#include "ngx_common/report_log.h"
#include "ngx_common/signer.h"

namespace ngx_enroll {

// What signerd would have recorded, had it answered.
void add_unanswered_request(NginxDecision& report, const SignerExchange& exchange);

// What every record has. `detail` is for a request that no handler has seen, whose client
// certificate is in the record then where nginx has refused it.
NginxDecision begin_report(const Decision& decision, pki::wire::Protocol protocol,
                           std::string_view profile, const char* detail);

}  // namespace ngx_enroll
