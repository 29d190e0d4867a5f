// A CSR that is tied to the TLS connection it came over: est_channel_binding (RFC 7030 3.5).
#pragma once

#include "libpki/x509/csr.h"
#include "ngx_est_module/est.h"

namespace ngx_enroll::est {

// est_channel_binding off | on [exporter] | required [exporter]
char* set_channel_binding(ngx_conf_t* cf, ngx_command_t* cmd, void* conf);

// For each operation that enrols, once the CSR is read; the caller has verified its signature,
// or signerd will: else the binding in it would prove nothing. malformed where it is missing
// and required, conflict where it is another connection's, unsupported where this connection
// can have none. Of the connection's own thread.
pki::Status bound_to_connection(const EstExchange& exchange, const pki::x509::Csr& csr);

// The status of such a refusal: 400, 409, 426.
ngx_int_t refuse_binding(EstExchange& exchange, const pki::Error& error);

}  // namespace ngx_enroll::est
