#include "signerd/lookup_crl.h"

#include <algorithm>

#include "libpki/base/ascii.h"

namespace signerd {

namespace {

constexpr std::size_t kLongestNumber = 4;  // digits: limits::kPartitions

// In `pattern`, one of ca.crl_urls, at each kPartitionWord.
std::optional<std::uint32_t> partition_in(const Ca& ca, std::size_t pattern,
                                          std::string_view url) {
    const auto at = ca.crl_urls[pattern].find(kPartitionWord);
    if (at >= url.size()) return {};
    for (std::size_t digits = 1; digits <= kLongestNumber; digits++) {
        const auto number = pki::parse_decimal(url.substr(at, digits));
        if (!number || *number < 1 || *number > ca.crl.partitions) continue;
        const auto partition = static_cast<std::uint32_t>(*number);
        if (partition_urls(ca, partition)[pattern] == url) return partition;
    }
    return {};
}

}  // namespace

std::optional<CrlKind> crl_at(const Ca& ca, std::string_view url) {
    if (std::ranges::find(ca.crl.delta_urls, url) != ca.crl.delta_urls.end())
        return CrlKind{0, true};
    for (std::size_t i = 0; i < ca.crl_urls.size(); i++) {
        if (ca.crl_urls[i] == url) return CrlKind{};
        if (const auto found = partition_in(ca, i, url)) return CrlKind{*found, false};
    }
    return {};
}

}  // namespace signerd
