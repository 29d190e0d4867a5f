// What a certificate says that its key is for. Knows nothing of nginx.
#pragma once

#include <algorithm>

#include "libpki/x509/cert.h"
#include "libpki/x509/oids.h"

namespace ngx_enroll {

// The bits of the keyUsage: all of them where there is none (RFC 5280 4.2.1.3), none where it
// cannot be read.
inline std::uint16_t key_usage(const pki::x509::Certificate& certificate) {
    constexpr std::uint16_t kEverything = 0x1ff;
    const pki::x509::Extension* const extension =
        certificate.tbs.extensions.find(pki::x509::oid::kKeyUsage);
    if (extension == nullptr) return kEverything;
    const auto usage = pki::x509::parse_key_usage(extension->value);
    return usage ? *usage : std::uint16_t{0};
}

// Does the extended key usage have this very purpose? Neither a certificate without one nor
// anyExtendedKeyUsage has: what makes an RA is written down.
inline bool has_purpose(const pki::x509::Certificate& certificate, pki::Bytes wanted) {
    const pki::x509::Extension* const extension =
        certificate.tbs.extensions.find(pki::x509::oid::kExtendedKeyUsage);
    if (extension == nullptr) return false;
    const auto purposes = pki::x509::parse_extended_key_usage(extension->value);
    return purposes && std::ranges::any_of(*purposes, [&](pki::Bytes purpose) {
               return pki::equal(purpose, wanted);
           });
}

}  // namespace ngx_enroll
