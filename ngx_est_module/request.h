// What signerd is told of every request for a certificate, whatever its form.
#pragma once

#include "ngx_est_module/est.h"

namespace ngx_enroll::est {

// Who asks, and for what profile: all but the CSR and what an operation adds. It is an
// enrolment whose proof of possession has been verified where est_verify_csr says so. Views of
// the exchange and of `transaction`.
pki::wire::IssueRequest request_of(const EstExchange& exchange, const LocConf& conf,
                                   const std::string& transaction);

}  // namespace ngx_enroll::est
