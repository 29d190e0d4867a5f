// Certificates of registration authorities: what is asked for, and a look at the answer. Bytes
// in, values out: files and signerd are the command's.
#pragma once

#include <string>

#include "libpki/ossl/key.h"
#include "libpki/wire/messages.h"

namespace signerctl {

// "730d": a whole number and one of s, m, h, d, as signerd.json has durations. Seconds, at
// least a minute; malformed also above ten years.
pki::Result<std::uint32_t> parse_validity(std::string_view text);

// The CSR of a subject given as text ("O=Example,CN=SCEP RA"). malformed without a name.
pki::Result<pki::Buffer> make_ra_request(const std::string& subject, EVP_PKEY* key);

// denied when the key is of another kind than `spec` ("rsa:2048") says.
pki::Status check_kind(EVP_PKEY* key, const std::string& spec);

// The certificate, then the chain, as PEM. Refuses a certificate that is not for this key, and
// a chain that is none: nginx is to start with the file.
pki::Result<std::string> ra_pem(const pki::wire::IssueReply& reply, EVP_PKEY* key);

}  // namespace signerctl
