// Compact JWS (RFC 7515 section 7.1) with the claims of an enrolment.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libpki/ossl/key.h"
#include "signerd/challenge/names.h"

namespace signerd {

enum class JwsAlgorithm : std::uint8_t { rs256, es256 };

struct Jws {
    JwsAlgorithm algorithm = JwsAlgorithm::rs256;
    std::string_view signing_input;  // a view into the text
    pki::Buffer payload;
    pki::Buffer signature;  // of ES256 in DER
};

// Longer than 200 characters with exactly two dots: what is shorter is a secret or token.
bool looks_like_jws(std::string_view text);

// malformed for whatever is not exactly that form, up to 8 KiB; unsupported for an algorithm
// other than RS256 and ES256, and for extensions that would have to be understood ("crit"). All
// else of the header is ignored: no key and no address of a key is taken from there.
pki::Result<Jws> parse_jws(std::string_view text);

// bad_signature; unsupported when key and algorithm do not fit.
pki::Status verify_jws(const Jws& jws, EVP_PKEY* key);

struct JwsClaims {
    std::string version;  // empty: none, as the lists of names
    std::string issuer, subject, nonce, device_name;
    std::vector<std::string> audience;
    std::int64_t issued_at = 0;  // seconds since 1970, fractions dropped
    std::int64_t expires = 0;
    std::int64_t not_before = 0;  // 0: none
    NameSets names;
};

// malformed when it is no JSON object, a claim stands twice or is of another type, or iss, sub,
// aud, iat, exp, nonce or device_name is missing or empty. Other claims are ignored.
pki::Result<JwsClaims> parse_jws_claims(pki::Bytes payload);

}  // namespace signerd
