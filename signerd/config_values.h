// The kinds of value that several keys of signerd.json share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "signerd/json_reader.h"

namespace signerd {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

// 1 to 64 of A-Z a-z 0-9 . _ - and, for profiles, ":".
pki::Result<std::string> read_name(const JsonValue& value);
pki::Status check_name(const JsonValue& value, std::string_view name);
pki::Status check_profile_name(const JsonValue& value, std::string_view name);

// "90d", "5m": a whole number and a unit (s, m, h, d), as seconds.
pki::Result<std::int64_t> read_duration(const JsonValue& value, std::int64_t min,
                                        std::int64_t max);
inline auto duration(std::int64_t min, std::int64_t max) {
    return [min, max](const JsonValue& value) { return read_duration(value, min, max); };
}

// http, https or ldap with something behind "://", printable ASCII. Not checked: that it is
// a URL in the sense of RFC 3986.
pki::Result<std::string> read_url(const JsonValue& value);
// OCSP runs over HTTP only (RFC 6960 appendix A).
pki::Result<std::string> read_http_url(const JsonValue& value);

// A path below `folder` unless it is absolute. `scheme` ("file") may stand before it with a
// colon; any other scheme is refused by name, so a relative path with a colon in its first
// part starts with "./".
pki::Result<std::string> read_path(const JsonValue& value, const std::filesystem::path& folder,
                                   std::string_view scheme);

template <class T>
struct Choice {
    std::string_view name;
    T value;
};

// One of the names of `choices`; the error lists them.
template <class T>
pki::Result<T> read_choice(const JsonValue& value, std::span<const Choice<T>> choices) {
    PKI_TRY(const std::string text, value.text());
    std::string names;
    for (const Choice<T>& choice : choices) {
        if (choice.name == text) return choice.value;
        names += (names.empty() ? "" : ", ") + std::string(choice.name);
    }
    return value.error("\"" + text + "\" is none of " + names);
}

}  // namespace signerd
