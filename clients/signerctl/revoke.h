// The pure parts of the commands that revoke.
#pragma once

#include <cstdint>
#include <string_view>

#include "libpki/base/result.h"
#include "libpki/wire/messages.h"
#include "libpki/x509/crl_reason.h"

namespace signerctl {

// "2026-11-20T17:00:00Z" or "2026-11-20", UTC, as seconds since 1970; of a date alone its first
// second or its last.
enum class DayEnd { first, last };
pki::Result<std::int64_t> parse_utc(std::string_view text, DayEnd end);

// "keyCompromise", case does not matter. malformed for any that no certificate is revoked for.
pki::Result<pki::x509::CrlReason> parse_reason(std::string_view name);

// "est", "scep", "cmp", "enroll".
pki::Result<pki::wire::Protocol> parse_protocol(std::string_view name);

}  // namespace signerctl
