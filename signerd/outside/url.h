// The URLs that may be called: https, a host by name, nothing that two parsers could read in
// two ways.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "libpki/base/result.h"

namespace signerd {

// "host" in lower case, with ":port" where the port is not 443: what stands in "hosts".
// malformed unless it is that, a DNS name or an IPv4 address and a port that is not 443.
pki::Status check_host(std::string_view host);

// The host in that form of an URL that is "https://", a host and perhaps a path and a query,
// printable ASCII. malformed for any other scheme, a user, a fragment, a backslash, an IPv6
// address, a trailing dot.
pki::Result<std::string> host_of_url(std::string_view url);

// The error names the host.
pki::Status check_listed(std::string_view url, std::span<const std::string> hosts);

}  // namespace signerd
