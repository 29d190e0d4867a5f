// What nobody gets by CMP, whatever the profile and whoever asks.
#pragma once

#include "libpki/x509/csr.h"
#include "libpki/x509/profile.h"

namespace signerd {

// denied with a reason: not_authorized for a CA certificate (basicConstraints, keyUsage), and
// for the purposes cmcCA, cmcRA and cmKGA (RFC 6402 2.10, RFC 9810 4.5), which make an
// authority, unless the profile has the purpose; bad_cert_template without subject and SAN.
// malformed (bad_cert_template): an extension that cannot be read.
pki::Status check_template(const pki::x509::Profile& profile, const pki::x509::Csr& csr);

}  // namespace signerd
