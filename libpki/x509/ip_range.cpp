#include <arpa/inet.h>

#include "libpki/base/ascii.h"
#include "libpki/x509/profile.h"

namespace pki::x509 {

namespace {

// The octet of the netmask of this prefix.
std::uint8_t mask_octet(unsigned prefix, std::size_t octet) {
    const std::size_t bits_before = octet * 8;
    if (prefix <= bits_before) return 0;
    const std::size_t bits = std::min<std::size_t>(prefix - bits_before, 8);
    return static_cast<std::uint8_t>(0xff << (8 - bits));
}

}  // namespace

Result<IpRange> parse_ip_range(std::string_view text) {
    const Error malformed =
        fail(Errc::malformed, "IP range: not address/prefix", std::string(text));
    const std::size_t slash = text.find('/');
    const std::string address(text.substr(0, slash));
    IpRange range;
    if (address.find(':') != address.npos) range.octets = 16;
    const int family = range.octets == 4 ? AF_INET : AF_INET6;
    if (inet_pton(family, address.c_str(), range.address.data()) != 1) return malformed;
    const std::size_t bits = range.octets * 8;
    const auto prefix = slash == text.npos ? bits : parse_decimal(text.substr(slash + 1));
    if (!prefix || *prefix > bits) return malformed;
    range.prefix = static_cast<unsigned>(*prefix);
    for (std::size_t i = 0; i < range.octets; i++)
        if ((range.address[i] & ~mask_octet(range.prefix, i)) != 0)
            return fail(Errc::malformed, "IP range: bits behind the prefix", std::string(text));
    return range;
}

bool IpRange::contains(Bytes address_octets) const {
    if (address_octets.size() != octets) return false;
    for (std::size_t i = 0; i < octets; i++)
        if ((address_octets[i] & mask_octet(prefix, i)) != address[i]) return false;
    return true;
}

}  // namespace pki::x509
