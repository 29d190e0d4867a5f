#include "signerd/outside/url.h"

#include "libpki/base/ascii.h"

namespace signerd {

using pki::Errc;
using pki::fail;

namespace {

constexpr std::string_view kScheme = "https://";
constexpr std::size_t kMaxUrl = 2048;
constexpr std::size_t kMaxHost = 253;  // RFC 1035 2.3.4, without the length octets
constexpr std::string_view kDefaultPort = "443";

bool is_host_name(std::string_view name) {
    const bool letters = std::ranges::all_of(name, [](char c) {
        return pki::is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
    });
    return letters && !name.empty() && name.size() <= kMaxHost && name.front() != '.' &&
           name.front() != '-' && name.back() != '.' && name.find("..") == name.npos;
}

bool is_port(std::string_view port) {
    const auto number = pki::parse_decimal(port);
    return number && *number > 0 && *number <= 65535;
}

// Lower case, without ":443".
pki::Result<std::string> normal_host(std::string_view authority) {
    const std::size_t colon = authority.find(':');
    std::string name = pki::to_lower(authority.substr(0, colon));
    if (!is_host_name(name)) return fail(Errc::malformed, "not the name of a host");
    if (colon == authority.npos) return name;
    const std::string_view port = authority.substr(colon + 1);
    if (!is_port(port)) return fail(Errc::malformed, "not a port");
    return port == kDefaultPort ? name : name + ":" + std::string(port);
}

}  // namespace

pki::Status check_host(std::string_view host) {
    PKI_TRY(const std::string normal, normal_host(host));
    if (normal == host) return {};
    return fail(Errc::malformed, "write it as", normal);
}

pki::Result<std::string> host_of_url(std::string_view url) {
    if (!url.starts_with(kScheme)) return fail(Errc::malformed, "not an https URL");
    const bool plain = std::ranges::all_of(
        url, [](char c) { return pki::is_graphic(c) && !pki::one_of(c, "\\#\"<>^`{|}"); });
    if (!plain || url.size() > kMaxUrl)
        return fail(Errc::malformed, "not a URL of plain characters");
    const std::string_view rest = url.substr(kScheme.size());
    return normal_host(rest.substr(0, rest.find_first_of("/?")));
}

pki::Status check_listed(std::string_view url, std::span<const std::string> hosts) {
    PKI_TRY(const std::string host, host_of_url(url));
    if (std::ranges::find(hosts, host) != hosts.end()) return {};
    return fail(Errc::denied, "the host is not in outside.hosts", host);
}

}  // namespace signerd
