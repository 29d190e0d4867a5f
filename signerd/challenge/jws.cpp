#include "signerd/challenge/jws.h"

#include <algorithm>

#include "libpki/base/der_writer.h"
#include "signerd/challenge/base64url.h"
#include "signerd/json_reader.h"

namespace signerd {

namespace {

using pki::Errc;
using pki::fail;

constexpr std::size_t kShortest = 201;
constexpr std::size_t kLongest = std::size_t{8} * 1024;
constexpr std::size_t kP256 = 32;  // octets of a number of a signature

pki::Result<JsonPtr> parse_object(pki::Bytes text) {
    json_error_t error;
    JsonPtr json(json_loadb(reinterpret_cast<const char*>(text.data()), text.size(),
                            JSON_REJECT_DUPLICATES, &error));
    if (!json || !json_is_object(json.get()))
        return fail(Errc::malformed, "JWS: no JSON object");
    return json;
}

std::string_view text_of(const json_t* json) {
    if (!json_is_string(json)) return {};
    return {json_string_value(json), json_string_length(json)};
}

pki::Result<JwsAlgorithm> parse_header(pki::Bytes text) {
    PKI_TRY(const JsonPtr header, parse_object(text));
    // RFC 7515 4.1.11: what we do not understand makes the whole invalid.
    if (json_object_get(header.get(), "crit"))
        return fail(Errc::unsupported, "JWS: a critical extension");
    const std::string_view algorithm = text_of(json_object_get(header.get(), "alg"));
    if (algorithm == "RS256") return JwsAlgorithm::rs256;
    if (algorithm == "ES256") return JwsAlgorithm::es256;
    return fail(Errc::unsupported, "JWS: alg is neither RS256 nor ES256");
}

// RFC 7518 3.4: r and s side by side.
pki::Result<pki::Buffer> der_signature(pki::Bytes raw) {
    if (raw.size() != 2 * kP256) return fail(Errc::malformed, "JWS: length of the signature");
    pki::der::Writer w;
    w.sequence([&] {
        w.integer(raw.first(kP256));
        w.integer(raw.subspan(kP256));
    });
    return std::move(w).take();
}

pki::Result<pki::Buffer> decode_part(std::string_view text) {
    auto part = base64url_decode(text);
    if (!part) return fail(Errc::malformed, "JWS: not base64url");
    return part;
}

}  // namespace

bool looks_like_jws(std::string_view text) {
    return text.size() >= kShortest && std::ranges::count(text, '.') == 2;
}

pki::Result<Jws> parse_jws(std::string_view text) {
    if (!looks_like_jws(text)) return fail(Errc::malformed, "JWS: not in compact form");
    if (text.size() > kLongest) return fail(Errc::malformed, "JWS: too long");
    const std::size_t first = text.find('.');
    const std::size_t second = text.rfind('.');
    Jws jws;
    jws.signing_input = text.substr(0, second);
    PKI_TRY(const pki::Buffer header, decode_part(text.substr(0, first)));
    PKI_TRY(jws.algorithm, parse_header(header));
    PKI_TRY(jws.payload, decode_part(text.substr(first + 1, second - first - 1)));
    PKI_TRY(jws.signature, decode_part(text.substr(second + 1)));
    if (jws.algorithm == JwsAlgorithm::es256) {
        PKI_TRY(jws.signature, der_signature(jws.signature));
    }
    return jws;
}

pki::Status verify_jws(const Jws& jws, EVP_PKEY* key) {
    const pki::ossl::KeyType type =
        jws.algorithm == JwsAlgorithm::rs256 ? pki::ossl::KeyType::rsa : pki::ossl::KeyType::ec;
    return pki::ossl::verify(key, {type, pki::ossl::Hash::sha256, false},
                             pki::as_bytes(jws.signing_input), jws.signature);
}

namespace {

// Reads the members of the claims; the first that does not fit is the error.
class ClaimReader {
   public:
    explicit ClaimReader(const json_t* claims) : claims_(claims) {}

    void text(const char* name, std::string& value, bool needed) {
        const json_t* const json = json_object_get(claims_, name);
        value = text_of(json);
        if ((json != nullptr || needed) && value.empty()) refuse(name);
    }
    // RFC 7519 section 2, NumericDate. Beyond what a double holds exactly nothing is a time.
    void time(const char* name, std::int64_t& value, bool needed) {
        constexpr double kLatest = 253'402'300'799.0;  // the year 9999
        const json_t* const json = json_object_get(claims_, name);
        if (json == nullptr && !needed) return;
        const double seconds = json_is_number(json) ? json_number_value(json) : -1;
        if (!(seconds > 0 && seconds <= kLatest)) return refuse(name);
        value = static_cast<std::int64_t>(seconds);
    }
    // A list, or a single text where `single` allows it.
    void list(const char* name, std::vector<std::string>& values, bool single) {
        const json_t* const json = json_object_get(claims_, name);
        if (json == nullptr) return;
        if (single && json_is_string(json)) return add(name, json, values);
        if (!json_is_array(json)) return refuse(name);
        for (std::size_t i = 0; i < json_array_size(json); i++)
            add(name, json_array_get(json, i), values);
    }

    pki::Status finish() const {
        if (bad_.empty()) return {};
        return fail(Errc::malformed, "JWS: claim missing, empty or of another type", bad_);
    }

   private:
    void add(const char* name, const json_t* json, std::vector<std::string>& values) {
        if (text_of(json).empty()) return refuse(name);
        values.emplace_back(text_of(json));
    }
    void refuse(const char* name) {
        if (bad_.empty()) bad_ = name;
    }

    const json_t* claims_;
    std::string bad_;
};

}  // namespace

pki::Result<JwsClaims> parse_jws_claims(pki::Bytes payload) {
    PKI_TRY(const JsonPtr json, parse_object(payload));
    ClaimReader reader(json.get());
    JwsClaims claims;
    reader.text("version", claims.version, false);
    reader.text("iss", claims.issuer, true);
    reader.text("sub", claims.subject, true);
    reader.text("nonce", claims.nonce, true);
    reader.text("device_name", claims.device_name, true);
    reader.list("aud", claims.audience, true);
    reader.time("iat", claims.issued_at, true);
    reader.time("exp", claims.expires, true);
    reader.time("nbf", claims.not_before, false);
    reader.list("san_dns", claims.names.dns, false);
    reader.list("san_rfc822", claims.names.email, false);
    reader.list("san_upn", claims.names.upn, false);
    PKI_CHECK(reader.finish());
    if (claims.audience.empty())
        return fail(Errc::malformed, "JWS: claim missing, empty or of another type", "aud");
    return claims;
}

}  // namespace signerd
