#include "ngx_common/address_key.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace ngx_enroll {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

AddressKey key_of_ipv4(const in_addr& address) {
    AddressKey key{};
    std::ranges::copy(kMapped, key.begin());
    std::memcpy(key.data() + kMapped.size(), &address, sizeof(address));
    return key;
}

AddressKey key_of_ipv6(const in6_addr& address) {
    AddressKey key{};
    std::memcpy(key.data(), &address, sizeof(address));
    const bool mapped = std::equal(kMapped.begin(), kMapped.end(), key.begin());
    if (!mapped) std::fill(key.begin() + 8, key.end(), std::uint8_t{0});
    return key;
}

}  // namespace

std::optional<AddressKey> address_key(const sockaddr& address) {
    // Copied, since the caller's memory need not be aligned for the larger type.
    if (address.sa_family == AF_INET) {
        sockaddr_in ipv4;
        std::memcpy(&ipv4, &address, sizeof(ipv4));
        return key_of_ipv4(ipv4.sin_addr);
    }
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 ipv6;
        std::memcpy(&ipv6, &address, sizeof(ipv6));
        return key_of_ipv6(ipv6.sin6_addr);
    }
    return std::nullopt;
}

}  // namespace ngx_enroll
