// Which HTTP status answers which error (RFC 7030 4.2.3).
#pragma once

#include "libpki/base/error.h"

namespace pki::est {

constexpr int http_status(Errc code) {
    switch (code) {
        case Errc::malformed: return 400;
        case Errc::unsupported: return 400;
        case Errc::bad_signature: return 400;
        case Errc::weak_key: return 403;
        case Errc::unauthenticated: return 401;
        case Errc::denied: return 403;
        case Errc::conflict: return 409;
        case Errc::not_found: return 404;
        case Errc::limited: return 429;
        case Errc::unavailable: return 503;
        case Errc::internal: return 500;
    }
    return 500;
}

}  // namespace pki::est
