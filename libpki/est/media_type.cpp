#include "libpki/est/media_type.h"

#include "libpki/base/ascii.h"

namespace pki::est {

namespace {

constexpr std::string_view kSpace = " \t\r\n";

void skip_space(std::string_view& text) {
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(kSpace)));
}

std::string_view take_token(std::string_view& text) {
    const std::size_t end = std::min(text.size(), text.find_first_of(" \t\r\n;=\""));
    const std::string_view token = text.substr(0, end);
    text.remove_prefix(end);
    return token;
}

// False: it has no end.
bool take_quoted(std::string_view& text, std::string& value) {
    text.remove_prefix(1);
    while (!text.empty() && text.front() != '"') {
        if (text.front() == '\\') text.remove_prefix(1);
        if (text.empty()) return false;
        value += text.front();
        text.remove_prefix(1);
    }
    if (text.empty()) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::string media_parameter(std::string_view header, std::string_view name) {
    header.remove_prefix(std::min(header.size(), header.find(';')));
    while (!header.empty() && header.front() == ';') {
        header.remove_prefix(1);
        skip_space(header);
        const std::string_view found = take_token(header);
        skip_space(header);
        if (header.empty() || header.front() != '=') return {};
        header.remove_prefix(1);
        skip_space(header);
        std::string value;
        if (header.starts_with('"')) {
            if (!take_quoted(header, value)) return {};
        } else {
            value = take_token(header);
        }
        if (to_lower(found) == name) return value;
        skip_space(header);
    }
    return {};
}

}  // namespace pki::est
