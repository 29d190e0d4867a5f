// Full CMC (RFC 7030 4.3): a PKIData that a certificate of a client has signed, answered with a
// Full PKI Response.
//
// Who asks over TLS or with a password is a matter of est_auth, as for simple enrolment. The
// certificate that signed the PKIData then is the client's; where he has shown one in TLS, it
// is the same.
#pragma once

#include "libpki/cmc/message.h"
#include "libpki/cmc/wanted.h"
#include "ngx_est_module/est.h"

namespace ngx_enroll::est {

// Of one request, in the request's pool.
struct FullCmc {
    pki::cmc::FullRequest request;
    pki::Buffer signer;  // the certificate; empty: nobody has signed
    pki::cmc::Wanted wanted;
    bool trusted = false;  // `signer` has signed it, and is good here
};

// After the body was read, in its place: ends the request or asks signerd. NGX_DONE, or a
// status.
ngx_int_t full_cmc(EstExchange& exchange);

}  // namespace ngx_enroll::est
