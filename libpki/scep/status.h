// pkiStatus and failInfo (RFC 8894 3.2.1.3, 3.2.1.4).
#pragma once

#include <string_view>

#include "libpki/base/error.h"

namespace pki::scep {

enum class PkiStatus : std::uint8_t { success = 0, failure = 2, pending = 3 };

enum class FailInfo : std::uint8_t {
    bad_alg = 0,
    bad_message_check = 1,
    bad_request = 2,
    bad_time = 3,
    bad_cert_id = 4,
};

// Which failInfo answers which error. Nothing here becomes badTime: signingTime is not looked
// at.
FailInfo fail_info(Errc code);

// "SUCCESS", "badAlg" and the like, as the RFC writes them.
std::string_view name(PkiStatus status);
std::string_view name(FailInfo info);

}  // namespace pki::scep
