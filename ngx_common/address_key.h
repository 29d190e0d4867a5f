// What counts as one client where attempts are counted: an IPv4 address, or the /64 of an
// IPv6 address, since a host has all of its /64 to choose from. Knows nothing of nginx.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>

namespace ngx_enroll {

// IPv4 as ::ffff:a.b.c.d, which no /64 looks like.
using AddressKey = std::array<std::uint8_t, 16>;

// nullopt for a Unix socket and whatever else has no address. A v4-mapped address is the IPv4
// address in it.
std::optional<AddressKey> address_key(const sockaddr& address);

}  // namespace ngx_enroll
