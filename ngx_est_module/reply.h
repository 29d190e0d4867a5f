// signerd's answers as answers of EST.
#pragma once

#include "ngx_est_module/est.h"

namespace ngx_enroll::est {

// For simpleenroll and simplereenroll, and for cacerts (RFC 7030 4.2.3, 4.1.3). A refusal of
// signerd becomes the status that status.h has for it.
pki::Result<Reply> enroll_reply(SignerExchange& exchange, const pki::wire::Frame& frame);
pki::Result<Reply> ca_certs_reply(SignerExchange& exchange, const pki::wire::Frame& frame);

// RFC 7030 4.5.2: 204 where nothing is asked for.
pki::Result<Reply> csr_attributes_reply(SignerExchange& exchange,
                                        const pki::wire::Frame& frame);

}  // namespace ngx_enroll::est
