// Tokens that whoever has the key can make and check without asking anybody.
//
//     version 1   b64url(expiry) "." b64url(nonce) "." b64url(mac)
//                 mac = HMAC-SHA256(key, expiry || nonce)
//     version 2   "v2." key-id "." b64url(flags || expiry || nonce) "." b64url(mac)
//                 mac = HMAC-SHA256(key, "enroll challenge v2" || flags || expiry || nonce
//                                        || uint16 length || profile || uint16 length ||
//                                        subject)
//
// expiry is uint64, seconds since 1970, nonce 12 random octets, flags one octet: 1 when the
// token is bound to a subject, else 0. All numbers are big-endian. Profile and subject are not
// in the token, since who checks it knows them: so its length is 76 characters and the key's
// id, whatever the names are, and fits where devices take few (RFC 2985 5.4.1: 255).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "libpki/ossl/digest.h"

namespace signerd {

constexpr std::size_t kTokenNonce = 12;

struct HmacToken {
    int version = 2;
    std::string key_id;        // version 2
    bool has_subject = false;  // version 2
    std::int64_t expires = 0;  // seconds since 1970
    std::array<std::uint8_t, kTokenNonce> nonce{};
    pki::ossl::Sha256 mac{};
};

// nullopt for whatever is not exactly a token of one of the versions. Not checked: mac, expiry.
std::optional<HmacToken> parse_token(std::string_view text);

std::string token_text(const HmacToken& token);

// What the token is good for; no part of version 1.
struct TokenScope {
    std::string_view profile;
    std::string_view subject;  // a common name; counts with has_subject only
};

// The mac that the token should have.
pki::ossl::Sha256 token_mac(const HmacToken& token, pki::Bytes key, const TokenScope& scope);

// 1 to 32 of A-Z a-z 0-9 _ -.
bool is_key_id(std::string_view id);

}  // namespace signerd
