#include "signerd/challenge/token.h"

#include <algorithm>
#include <vector>

#include "libpki/base/ascii.h"
#include "signerd/challenge/base64url.h"

namespace signerd {

namespace {

constexpr std::string_view kPrefix = "v2.";
constexpr std::string_view kLabel = "enroll challenge v2";
constexpr std::size_t kExpiry = 8;
constexpr std::size_t kLongestId = 32;
constexpr std::size_t kVersion1 = 72;  // characters
constexpr std::size_t kLongest = 76 + kLongestId;

void put_number(pki::Buffer& out, std::uint64_t number, std::size_t octets) {
    while (octets-- > 0) out.push_back(static_cast<std::uint8_t>(number >> 8 * octets));
}

// False when it is beyond what a time can be.
bool take_expiry(pki::Bytes octets, std::int64_t& expires) {
    std::uint64_t number = 0;
    for (const std::uint8_t octet : octets) number = number << 8 | octet;
    expires = static_cast<std::int64_t>(number);
    return expires >= 0;
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t dot = std::min(text.find('.'), text.size());
        parts.push_back(text.substr(0, dot));
        if (dot == text.size()) return parts;
        text.remove_prefix(dot + 1);
    }
}

// One part of the text, which has to be this long.
std::optional<pki::Buffer> take_part(std::string_view part, std::size_t size) {
    auto octets = base64url_decode(part);
    if (!octets || octets->size() != size) return std::nullopt;
    return *std::move(octets);
}

template <std::size_t N>
void copy(pki::Bytes from, std::array<std::uint8_t, N>& to) {
    std::ranges::copy(from, to.begin());
}

std::optional<HmacToken> parse_version_1(const std::vector<std::string_view>& parts) {
    const auto expiry = take_part(parts[0], kExpiry);
    const auto nonce = take_part(parts[1], kTokenNonce);
    const auto mac = take_part(parts[2], pki::ossl::Sha256().size());
    HmacToken token;
    token.version = 1;
    if (!expiry || !nonce || !mac || !take_expiry(*expiry, token.expires)) return std::nullopt;
    copy(*nonce, token.nonce);
    copy(*mac, token.mac);
    return token;
}

std::optional<HmacToken> parse_version_2(const std::vector<std::string_view>& parts) {
    const auto body = take_part(parts[2], 1 + kExpiry + kTokenNonce);
    const auto mac = take_part(parts[3], pki::ossl::Sha256().size());
    if (!is_key_id(parts[1]) || !body || !mac || body->front() > 1) return std::nullopt;
    const pki::Bytes octets = *body;
    HmacToken token;
    token.key_id = parts[1];
    token.has_subject = octets[0] == 1;
    if (!take_expiry(octets.subspan(1, kExpiry), token.expires)) return std::nullopt;
    copy(octets.subspan(1 + kExpiry), token.nonce);
    copy(*mac, token.mac);
    return token;
}

// expiry || nonce, behind the flags of version 2.
pki::Buffer body_of(const HmacToken& token) {
    pki::Buffer body;
    if (token.version == 2) body.push_back(token.has_subject ? 1 : 0);
    put_number(body, static_cast<std::uint64_t>(token.expires), kExpiry);
    pki::append(body, token.nonce);
    return body;
}

void put_text(pki::Buffer& out, std::string_view text) {
    put_number(out, text.size(), 2);
    pki::append(out, pki::as_bytes(text));
}

}  // namespace

bool is_key_id(std::string_view id) {
    return !id.empty() && id.size() <= kLongestId && std::ranges::all_of(id, [](char c) {
        return pki::is_letter(c) || pki::is_digit(c) || pki::one_of(c, "_-");
    });
}

std::optional<HmacToken> parse_token(std::string_view text) {
    if (text.size() > kLongest) return std::nullopt;
    const auto parts = split(text);
    if (text.size() == kVersion1 && parts.size() == 3) return parse_version_1(parts);
    if (text.starts_with(kPrefix) && parts.size() == 4) return parse_version_2(parts);
    return std::nullopt;
}

std::string token_text(const HmacToken& token) {
    const pki::Buffer body = body_of(token);
    const std::string mac = base64url_encode(token.mac);
    if (token.version == 2)
        return std::string(kPrefix) + token.key_id + "." + base64url_encode(body) + "." + mac;
    const pki::Bytes octets = body;
    return base64url_encode(octets.first(kExpiry)) + "." +
           base64url_encode(octets.subspan(kExpiry)) + "." + mac;
}

// No message of one version is one of the other: their lengths differ.
pki::ossl::Sha256 token_mac(const HmacToken& token, pki::Bytes key, const TokenScope& scope) {
    const pki::Buffer body = body_of(token);
    if (token.version == 1) return pki::ossl::hmac_sha256(key, body);
    pki::Buffer message = pki::to_buffer(pki::as_bytes(kLabel));
    pki::append(message, body);
    put_text(message, scope.profile);
    put_text(message, token.has_subject ? scope.subject : std::string_view());
    return pki::ossl::hmac_sha256(key, message);
}

}  // namespace signerd
