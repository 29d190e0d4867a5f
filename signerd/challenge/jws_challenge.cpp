#include "signerd/challenge/jws_challenge.h"

#include <algorithm>

#include "libpki/base/base64.h"
#include "libpki/ossl/digest.h"

namespace signerd {

namespace {

constexpr std::int64_t kSkew = 60;  // seconds that clocks may differ
constexpr std::int64_t kDay = 24 * 3600;
constexpr std::string_view kVersion = "v1";  // also of what has none

Finding finding(Verdict verdict, std::string cause) {
    return {verdict, std::move(cause), {}, {}};
}

// Each text behind its length, so that no two lists are one.
pki::ossl::Sha256 hash_of(std::initializer_list<std::string_view> texts) {
    std::string whole;
    for (const std::string_view text : texts)
        whole.append(std::to_string(text.size())).append(":").append(text);
    return pki::ossl::sha256(pki::as_bytes(whole));
}

}  // namespace

// nullptr: none.
const JwsAnchor* JwsChallenge::verifier(const Jws& jws, std::int64_t now) const {
    const auto found = std::ranges::find_if(rules_.anchors, [&](const JwsAnchor& anchor) {
        return now >= anchor.not_before && now <= anchor.not_after &&
               verify_jws(jws, anchor.key.get());
    });
    return found == rules_.anchors.end() ? nullptr : &*found;
}

// nullptr: nothing.
const char* JwsChallenge::object_to_times(const JwsClaims& claims, std::int64_t now) const {
    if (claims.expires + kSkew <= now) return "it has expired";
    if (claims.issued_at > now + kSkew) return "it is of the future (iat)";
    if (claims.not_before > now + kSkew) return "it is not valid yet (nbf)";
    if (claims.expires - claims.issued_at > rules_.max_lifetime)
        return "it lives longer than max_lifetime";
    return nullptr;
}

const char* JwsChallenge::object_to_claims(const JwsClaims& claims,
                                           const Presented& presented) const {
    if (!claims.version.empty() && claims.version != kVersion) return "its version is unknown";
    if (claims.issuer != rules_.issuer) return "iss is another";
    if (std::ranges::find(claims.audience, rules_.audience) == claims.audience.end())
        return "aud is another";
    if (const char* const objection = object_to_times(claims, presented.now);
        objection != nullptr && !presented.renewal)
        return objection;
    if (common_name(*presented.csr) != claims.device_name)
        return "device_name is not the common name";
    if (!has_exactly(*presented.csr, claims.names))
        return "the alternative names are not those of the claims";
    return nullptr;
}

// A nonce is remembered as long as its JWS could come again. Connectors know of each other
// nothing, so that nonces and devices are those of the key that signed: two tenants may have an
// issuer of the same name.
Claims JwsChallenge::claims_of(const JwsClaims& claims, const std::string& anchor,
                               std::int64_t now) const {
    Claims made;
    made.once = UsedValue{UsedKind::jws_nonce, hash_of({anchor, claims.issuer, claims.nonce}),
                          claims.expires + kSkew};
    made.limit = rules_.limit;
    if (made.limit != 0)
        made.counted = CountedValue{
            hash_of({"jws device", anchor, claims.issuer, claims.subject}), now + kDay};
    return made;
}

Finding JwsChallenge::check(const Presented& presented) const {
    if (!looks_like_jws(presented.password)) return finding(Verdict::not_mine, "not a JWS");
    const auto jws = parse_jws(presented.password);
    if (!jws) return finding(Verdict::not_mine, jws.error().message());
    const JwsAnchor* const anchor = verifier(*jws, presented.now);
    if (anchor == nullptr)
        return finding(Verdict::not_mine, "no anchor verifies its signature");
    const auto claims = parse_jws_claims(jws->payload);
    if (!claims) return finding(Verdict::refused, claims.error().message());
    if (const char* const objection = object_to_claims(*claims, presented))
        return finding(Verdict::refused, objection);
    const auto key = pki::ossl::public_key_der(anchor->key.get());
    if (!key) return finding(Verdict::refused, key.error().message());
    const std::string name = pki::hex_encode(pki::ossl::sha256(*key));
    return {Verdict::accepted, {}, {}, claims_of(*claims, name, presented.now)};
}

}  // namespace signerd
