#include "ngx_enroll_module/ocsp_request.h"

#include <algorithm>
#include <optional>
#include <string>

#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "ngx_common/pool.h"

namespace ngx_enroll::enroll {

namespace {

constexpr std::size_t kMostBase64 = (pki::limits::kOcspRequest + 2) / 3 * 4;

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = static_cast<char>(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (;;) {
        const std::size_t escape = text.find('%');
        out += text.substr(0, escape);
        if (escape == std::string_view::npos) return out;
        text.remove_prefix(escape);
        const int high = text.size() < 3 ? -1 : digit_of(text[1]);
        const int low = text.size() < 3 ? -1 : digit_of(text[2]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high << 4 | low);
        text.remove_prefix(3);
    }
}

// Any number of slashes is as good as one; what follows never begins with one, since a DER
// SEQUENCE in base64 begins with "M".
std::optional<std::string_view> behind_prefix(std::string_view path, std::string_view prefix) {
    const auto skip_slashes = [&] {
        while (path.starts_with('/')) path.remove_prefix(1);
    };
    for (const char c : prefix) {
        if (!path.starts_with(c)) return std::nullopt;
        path.remove_prefix(1);
        if (c == '/') skip_slashes();
    }
    skip_slashes();
    return path;
}

// base64url as well (RFC 4648 section 5), which needs no escapes in a path.
std::string as_base64(std::string_view text) {
    std::string out(text);
    std::ranges::replace(out, '-', '+');
    std::ranges::replace(out, '_', '/');
    return out;
}

}  // namespace

pki::Result<pki::Buffer> request_of_path(ngx_http_request_t* r) {
    const auto* core = static_cast<ngx_http_core_loc_conf_t*>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    const std::string_view sent = view(r->unparsed_uri);
    const auto path = percent_decoded(sent.substr(0, sent.find('?')));
    if (!path) return pki::fail(pki::Errc::malformed, "the path has a bad escape");
    auto text = behind_prefix(*path, view(core->name));
    // Sent here by a rewrite, or with dots in its path.
    if (!text) text = behind_prefix(view(r->uri), view(core->name));
    if (!text || text->empty() || text->size() > kMostBase64)
        return pki::fail(pki::Errc::malformed, "the path holds no request");
    return pki::base64_decode(pki::as_bytes(as_base64(*text)));
}

bool is_media_type(std::string_view value, std::string_view type) {
    value = value.substr(0, value.find(';'));
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    return value.size() == type.size() &&
           ngx_strncasecmp(lend(value).data, lend(type).data, type.size()) == 0;
}

}  // namespace ngx_enroll::enroll
