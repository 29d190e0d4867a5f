#include <string>

#include "clients/signerctl/challenge.h"
#include "libpki/base/ascii.h"

namespace signerctl {

namespace {

constexpr std::uint64_t kDay = 86400;
constexpr std::uint64_t kMost = 365 * kDay;

// 0: no unit.
std::uint64_t seconds_of(char unit) {
    switch (unit) {
        case 's': return 1;
        case 'm': return 60;
        case 'h': return 3600;
        case 'd': return kDay;
    }
    return 0;
}

}  // namespace

pki::Result<std::uint32_t> parse_lifetime(std::string_view text) {
    const std::uint64_t unit = text.empty() ? 0 : seconds_of(text.back());
    const auto count = pki::parse_decimal(text.substr(0, text.empty() ? 0 : text.size() - 1));
    if (unit == 0 || !count || *count == 0 || *count > kMost / unit)
        return pki::fail(pki::Errc::malformed, "not a time such as 90s, 5m, 1h or 7d",
                         std::string(text));
    return static_cast<std::uint32_t>(*count * unit);
}

}  // namespace signerctl
