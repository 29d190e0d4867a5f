// HTTP statuses of what is answered without a CertRep: a message that cannot be read has
// nobody to address one to.
#pragma once

#include "libpki/base/error.h"

namespace ngx_enroll::scep {

constexpr int http_status(pki::Errc code) {
    switch (code) {
        case pki::Errc::malformed:
        case pki::Errc::unsupported:
        case pki::Errc::bad_signature:
        case pki::Errc::weak_key: return 400;
        case pki::Errc::unauthenticated:
        case pki::Errc::denied: return 403;
        case pki::Errc::not_found: return 404;
        case pki::Errc::conflict: return 409;
        case pki::Errc::limited: return 429;
        case pki::Errc::unavailable: return 503;
        case pki::Errc::internal: return 500;
    }
    return 500;
}

}  // namespace ngx_enroll::scep
