#include "ngx_est_module/bearer.h"

#include <algorithm>

#include "libpki/base/ascii.h"
#include "ngx_common/headers.h"
#include "ngx_common/login_guard.h"

namespace ngx_enroll::est {

namespace {

constexpr std::string_view kScheme = "Bearer";

// b64token of RFC 6750 2.1.
bool is_token(std::string_view text) {
    const std::size_t end = text.find_last_not_of('=');
    if (end == std::string_view::npos || text.size() > pki::limits::kToken) return false;
    return std::ranges::all_of(text.substr(0, end + 1), [](char c) {
        return pki::is_letter(c) || pki::is_digit(c) || pki::one_of(c, "-._~+/");
    });
}

}  // namespace

// The scheme compares without case, and spaces are all that may follow it (RFC
// 9110 11.1, 11.4).
Bearer bearer_of(const ngx_http_request_t* r) {
    if (r->headers_in.authorization == nullptr) return {};
    const std::string_view value = view(r->headers_in.authorization->value);
    const std::size_t end = std::min(value.find(' '), value.size());
    if (!pki::equal_ignoring_case(value.substr(0, end), kScheme)) return {};
    const std::size_t begin = value.find_first_not_of(' ', end);
    if (begin == std::string_view::npos || !is_token(value.substr(begin)))
        return {BearerState::malformed, {}};
    return {BearerState::present, value.substr(begin)};
}

void add_bearer_challenge(ngx_http_request_t* r, const LocConf& conf, const char* error) {
    std::string challenge = "Bearer realm=\"" + std::string(view(conf.realm)) + "\"";
    if (error != nullptr) challenge.append(", error=\"").append(error).append("\"");
    auto* header = add_header(r, "WWW-Authenticate", copy_to_pool(r->pool, challenge));
    if (r->headers_out.www_authenticate == nullptr) r->headers_out.www_authenticate = header;
}

// Of a certificate signerd says what is wrong with it, in its reason.
bool is_of_token(const EstExchange& exchange, const pki::wire::ErrorReply& error) {
    return exchange.token_sha256 && error.code == pki::Errc::unauthenticated &&
           error.reason == pki::Reason::none;
}

void bearer_refused(EstExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    const LocConf& conf = conf_of(r);
    login_failed(zone_of(r), conf.limits, r);
    add_bearer_challenge(r, conf, "invalid_token");
}

}  // namespace ngx_enroll::est
