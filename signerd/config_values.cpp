#include "signerd/config_values.h"

#include <algorithm>

#include "libpki/base/ascii.h"
#include "libpki/base/limits.h"

namespace signerd {

namespace {

constexpr std::size_t kMaxName = pki::limits::kProfileName;

struct Unit {
    char letter;
    std::int64_t seconds;
};
constexpr Unit kUnits[] = {{'d', kDay}, {'h', kHour}, {'m', kMinute}, {'s', 1}};

bool is_name(std::string_view name, std::string_view punctuation) {
    return !name.empty() && name.size() <= kMaxName && std::ranges::all_of(name, [&](char c) {
        return pki::is_letter(c) || pki::is_digit(c) || pki::one_of(c, punctuation);
    });
}

// In the largest unit that leaves no rest.
std::string format_duration(std::int64_t seconds) {
    if (seconds == 0) return "0s";
    const auto unit =
        std::ranges::find_if(kUnits, [&](const Unit& u) { return seconds % u.seconds == 0; });
    return std::to_string(seconds / unit->seconds) + unit->letter;
}

pki::Result<std::string> read_url_of(const JsonValue& value,
                                     std::initializer_list<std::string_view> prefixes,
                                     const char* schemes) {
    PKI_TRY(std::string url, value.text());
    const auto fits = [&](std::string_view prefix) {
        return url.starts_with(prefix) && url.size() > prefix.size();
    };
    if (std::ranges::none_of(prefixes, fits)) return value.error(schemes);
    if (!std::ranges::all_of(url, pki::is_graphic))
        return value.error("not printable ASCII without spaces");
    return url;
}

// RFC 3986 3.1; empty when there is none.
std::string_view scheme_of(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == text.npos || colon == 0 || !pki::is_letter(text[0])) return {};
    const std::string_view scheme = text.substr(0, colon);
    const bool valid = std::ranges::all_of(scheme, [](char c) {
        return pki::is_letter(c) || pki::is_digit(c) || pki::one_of(c, "+-.");
    });
    return valid ? scheme : std::string_view();
}

}  // namespace

pki::Status check_name(const JsonValue& value, std::string_view name) {
    if (is_name(name, "._-")) return {};
    return value.error("not a name: 1 to 64 letters, digits, \".\", \"_\" or \"-\"");
}

pki::Status check_profile_name(const JsonValue& value, std::string_view name) {
    if (is_name(name, "._:-")) return {};
    return value.error("not a name: 1 to 64 letters, digits, \".\", \"_\", \":\" or \"-\"");
}

pki::Result<std::string> read_name(const JsonValue& value) {
    PKI_TRY(std::string name, value.text());
    PKI_CHECK(check_name(value, name));
    return name;
}

pki::Result<std::int64_t> read_duration(const JsonValue& value, std::int64_t min,
                                        std::int64_t max) {
    PKI_TRY(const std::string text, value.text());
    const auto unit = std::ranges::find(kUnits, text.back(), &Unit::letter);
    const auto count = pki::parse_decimal(std::string_view(text).substr(0, text.size() - 1));
    if (unit == std::end(kUnits) || !count)
        return value.error("not a duration: a whole number and one of s, m, h, d");
    const std::uint64_t size = static_cast<std::uint64_t>(unit->seconds);
    if (*count > static_cast<std::uint64_t>(max) / size ||
        *count * size < static_cast<std::uint64_t>(min))
        return value.error("out of range: from " + format_duration(min) + " to " +
                           format_duration(max));
    return static_cast<std::int64_t>(*count * size);
}

pki::Result<std::string> read_url(const JsonValue& value) {
    return read_url_of(value, {"http://", "https://", "ldap://"},
                       "not an http, https or ldap URL");
}

pki::Result<std::string> read_http_url(const JsonValue& value) {
    return read_url_of(value, {"http://", "https://"}, "not an http or https URL");
}

pki::Result<std::string> read_path(const JsonValue& value, const std::filesystem::path& folder,
                                   std::string_view scheme) {
    PKI_TRY(const std::string text, value.text());
    std::string_view path = text;
    if (const std::string_view found = scheme_of(text); !found.empty()) {
        if (found != scheme)
            return value.error("scheme \"" + std::string(found) +
                               "\" is not supported, only \"" + std::string(scheme) + "\"");
        path.remove_prefix(found.size() + 1);
    }
    if (path.empty()) return value.error("no path");
    return (folder / path).lexically_normal().string();
}

}  // namespace signerd
