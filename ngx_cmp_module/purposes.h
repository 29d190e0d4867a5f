// What a certificate says about its owner's part in CMP: purposes of its extended key usage
// (RFC 9810 4.5).
#pragma once

#include <algorithm>

#include "libpki/x509/cert.h"
#include "libpki/x509/oids.h"

namespace ngx_enroll::cmp {

// Written down: no extended key usage at all, or anyExtendedKeyUsage, makes nobody an RA.
inline bool has_purpose(const pki::x509::Certificate& certificate, pki::Bytes wanted) {
    const pki::x509::Extension* const extension =
        certificate.tbs.extensions.find(pki::x509::oid::kExtendedKeyUsage);
    if (extension == nullptr) return false;
    const auto purposes = pki::x509::parse_extended_key_usage(extension->value);
    return purposes && std::ranges::any_of(*purposes, [&](pki::Bytes purpose) {
               return pki::equal(purpose, wanted);
           });
}

}  // namespace ngx_enroll::cmp
