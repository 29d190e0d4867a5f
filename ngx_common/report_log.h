// What the audit log says of a request that nginx decided by itself: log_phase.h finds them.
#pragma once

#include <optional>
#include <string>

#include "libpki/ossl/digest.h"
#include "ngx_common/report.h"

namespace ngx_enroll {

// A refusal of nginx, by whichever module. The views must last until report() returns.
struct NginxDecision {
    std::string_view profile;
    pki::wire::Protocol protocol = pki::wire::Protocol::none;
    pki::wire::Operation operation = pki::wire::Operation::none;
    pki::Errc reason = pki::Errc::internal;
    ngx_uint_t status = 0;    // what the client got
    std::string_view detail;  // a literal
    pki::wire::Credential credential = pki::wire::Credential::none;
    std::string credential_name;
    std::string transaction;  // empty: report() makes one
    std::optional<pki::ossl::Sha256> csr_sha256;
};

// Puts it on its way to this signer.
void report(ngx_http_request_t* r, Reporter& reporter, NginxDecision decision);

// A number for a request of which the client gave none: 16 random bytes in hexadecimal.
std::string new_transaction();

// The path of a client's Unix socket can hold any bytes and tells nothing.
std::string_view client_address(const ngx_connection_t* c);

}  // namespace ngx_enroll
