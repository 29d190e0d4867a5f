// EnvelopedData as no honest client would make it.
#pragma once

#include "t/tools/options.h"

namespace forge {

// Options: ra (whom it is for), content (a file), cipher, recipients (how many, all alike),
// probe (what is wrong with it: envelope.cpp).
pki::Buffer build_envelope(const Options& options);

// The content of a request: content=FILE, or the names and numbers of certificates:
// serial_of=CERTIFICATE, or poll_issuer=CERTIFICATE with poll_subject=CERTIFICATE.
pki::Buffer request_content(const Options& options);

}  // namespace forge
