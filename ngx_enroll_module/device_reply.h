// signerd's answers as answers to a device.
#pragma once

#include "ngx_enroll_module/enroll.h"

namespace ngx_enroll::enroll {

// The challenge of a 401 (RFC 9110 11.6.1); a literal.
void add_challenge(ngx_http_request_t* r, std::string_view challenge);

// For enroll_bootstrap and enroll_renewal. A token that signerd does not take counts as a wrong
// password of the client's address.
pki::Result<Reply> device_issue_reply(SignerExchange& exchange, const pki::wire::Frame& frame);

}  // namespace ngx_enroll::enroll
