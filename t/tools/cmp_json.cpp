#include "t/tools/cmp_json.h"

#include <array>
#include <cstdio>

#include "libpki/base/base64.h"

namespace forge {

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
            out += escape.data();
        } else {
            out += c;
        }
    }
    return out + '"';
}

void Json::raw(const std::string& name, const std::string& value) {
    if (!members_.empty()) members_ += ", ";
    members_ += json_string(name) + ": " + value;
}

void Json::text(const std::string& name, std::string_view value) {
    raw(name, json_string(value));
}

void Json::number(const std::string& name, std::int64_t value) {
    raw(name, std::to_string(value));
}

void Json::hex(const std::string& name, pki::Bytes value) {
    text(name, pki::hex_encode(value));
}

void Json::texts(const std::string& name, const std::vector<std::string>& values) {
    std::string all;
    for (const std::string& value : values)
        all += (all.empty() ? "" : ", ") + json_string(value);
    raw(name, "[" + all + "]");
}

}  // namespace forge
