#include "signerd/challenge/hmac.h"

#include <algorithm>

#include "signerd/challenge/names.h"

namespace signerd {

namespace {

using pki::Errc;
using pki::fail;

Finding finding(Verdict verdict, const char* cause) { return {verdict, cause, {}, {}}; }

// Of the mac: it is over all else, and has one text.
UsedValue use_of(const HmacToken& token) {
    return {UsedKind::hmac_token, pki::ossl::sha256(token.mac), token.expires};
}

}  // namespace

// Version 1 does not say which key.
const HmacKey* HmacChallenge::find_key(const HmacToken& token, const TokenScope& scope) const {
    const HmacKey* found = nullptr;
    for (const HmacKey& key : rules_.keys) {
        if (token.version == 2 && key.id != token.key_id) continue;
        const pki::ossl::Sha256 mac = token_mac(token, key.key.view(), scope);
        if (pki::equal_constant_time(mac, token.mac)) found = &key;
    }
    return found;
}

Finding HmacChallenge::check(const Presented& presented) const {
    const auto token = parse_token(presented.password);
    if (!token) return finding(Verdict::not_mine, "not a token");
    if (token->version == 1 && !rules_.version_1)
        return finding(Verdict::not_mine, "a token of version 1, which is off");
    const auto subject = common_name(*presented.csr);
    if (token->has_subject && !subject)
        return finding(Verdict::refused,
                       "a token for a common name, of which there is not one");
    const HmacKey* const key =
        find_key(*token, {presented.profile, subject ? *subject : std::string_view()});
    if (key == nullptr)
        return finding(Verdict::not_mine,
                       token->has_subject
                           ? "a token of another key, or for another profile or subject"
                           : "a token of another key, or for another profile");
    if (!presented.renewal && token->expires <= presented.now)
        return finding(Verdict::refused, "the token has expired");
    Finding found{Verdict::accepted, {}, key->id, {}};
    if (rules_.single_use) found.claims.once = use_of(*token);
    return found;
}

pki::Result<std::string> HmacChallenge::make(const Wanted& wanted) const {
    if (wanted.version == 1 && !rules_.version_1)
        return fail(Errc::denied, "the challenge has no tokens of version 1", name());
    if (wanted.version == 1 && !wanted.subject.empty())
        return fail(Errc::denied, "a token of version 1 is bound to no subject");
    HmacToken token;
    token.version = wanted.version;
    token.key_id = rules_.keys.front().id;
    token.has_subject = !wanted.subject.empty();
    token.expires = wanted.expires;
    PKI_CHECK(pki::ossl::random_bytes(token.nonce));
    token.mac =
        token_mac(token, rules_.keys.front().key.view(), {wanted.profile, wanted.subject});
    return token_text(token);
}

}  // namespace signerd
