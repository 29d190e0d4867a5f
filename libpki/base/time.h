// Times of certificates (RFC 5280 4.1.2.5) as seconds since 1970-01-01 UTC. No clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace pki {

// "YYMMDDHHMMSSZ" for 1950 to 2049, else "YYYYMMDDHHMMSSZ". Years 0 to 9999.
std::string format_time(std::int64_t unix_seconds);

// "YYYYMMDDHHMMSSZ" for every year: OCSP has GeneralizedTime alone (RFC 6960 4.2.1).
std::string format_generalized_time(std::int64_t unix_seconds);

// "2026-11-20T17:00:00Z", for people and for JSON.
std::string format_iso8601(std::int64_t unix_seconds);

// That form and no other one of ISO 8601: UTC, seconds present, no fraction. malformed.
Result<std::int64_t> parse_iso8601(std::string_view text);

// The content of a UTCTime or GeneralizedTime in the form that RFC 5280 demands:
// seconds present, "Z", no fraction.
Result<std::int64_t> parse_time(std::uint8_t tag, Bytes content);

}  // namespace pki
