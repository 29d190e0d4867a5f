// Certificates of ours that somebody signs with: renewals and revocations go by them.
#pragma once

#include <optional>

#include "libpki/x509/cert.h"
#include "signerd/generation.h"
#include "signerd/store/store.h"

namespace signerd {

// What the store has of it; nullopt when it is not one of ours. Its name alone would prove
// nothing, anybody can write our name as the issuer's: it has to be in the store, byte by byte,
// as one of the tenant, and signed with the key of a CA of today. An Error is one of the store.
pki::Result<std::optional<CertificateRecord>> find_own(
    Store& store, const Generation& generation, std::string_view tenant,
    const pki::x509::Certificate& certificate);

// Does `profile` renew certificates of the profile `other`? Its own, and those of
// "from_profiles".
bool renews(std::string_view profile, const Renewal& renewal, std::string_view other);

// denied: not valid yet at `now`, or over for longer than "grace".
pki::Status check_renewal_time(const pki::x509::Certificate& certificate,
                               const Renewal& renewal, std::int64_t now);

// denied: "same_key" is false, and the key of the CSR is that of the certificate. A key has one
// encoding (spki.h), but for the parameters of RSA.
pki::Status check_renewal_key(const pki::x509::Csr& csr,
                              const pki::x509::Certificate& certificate,
                              const Renewal& renewal);

}  // namespace signerd
