// What ties a request to the TLS connection that it goes over (RFC 7030 3.5).
#pragma once

#include <openssl/types.h>

#include <string>

#include "libpki/base/result.h"

namespace enroll {

// Base64, as challengePassword has it: tls-exporter (RFC 9266) of TLS 1.3, tls-unique
// (RFC 5929 3) of TLS 1.2. unsupported: another version, or TLS 1.2 without an extended master
// secret, where two connections can have the same one (RFC 7627 1).
pki::Result<std::string> channel_binding(SSL* connection);

// "TLSv1.3, TLS_AES_256_GCM_SHA384"
std::string tls_text(SSL* connection);

}  // namespace enroll
