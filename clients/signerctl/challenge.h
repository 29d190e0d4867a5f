// The pure parts of the command that makes challenges.
#pragma once

#include <cstdint>
#include <string_view>

#include "libpki/base/result.h"

namespace signerctl {

// "90s", "5m", "1h", "7d": a whole number and a unit, as seconds; at least one, at most 365
// days.
pki::Result<std::uint32_t> parse_lifetime(std::string_view text);

}  // namespace signerctl
