#include "signerd/outside/answers.h"

#include "libpki/base/ascii.h"
#include "signerd/json_reader.h"
#include "signerd/outside/protocol.h"

namespace signerd {

using pki::Errc;
using pki::fail;

namespace {

constexpr long kOk = 200;
// Azure's have 1.5 to 2 KiB, those with many groups more.
constexpr std::size_t kMaxToken = 16 * 1024;

pki::Error unclear(const char* what, const HttpAnswer& answer) {
    return fail(Errc::unavailable, what, "status " + std::to_string(answer.status));
}

// An object in which no key stands twice: two readers could take one for the other. Not the
// reader of the configuration, whose errors quote what they read.
pki::Result<JsonPtr> read_object(const HttpAnswer& answer) {
    json_error_t problem;
    JsonPtr json(
        json_loadb(answer.body.data(), answer.body.size(), JSON_REJECT_DUPLICATES, &problem));
    if (!json || !json_is_object(json.get())) return unclear("no JSON object", answer);
    return json;
}

pki::Result<JsonPtr> read_good(const HttpAnswer& answer) {
    if (answer.status != kOk) return unclear("not the answer that was expected", answer);
    return read_object(answer);
}

// Empty when it is no string.
std::string_view text_in(const json_t* object, const char* key) {
    const json_t* const value = json_object_get(object, key);
    if (!json_is_string(value)) return {};
    return {json_string_value(value), json_string_length(value)};
}

pki::Error refused(const char* text, std::string_view why) {
    return fail(Errc::unauthenticated, text, outside_reason(why));
}

}  // namespace

pki::Status webhook_verdict(const HttpAnswer& answer) {
    PKI_TRY(const JsonPtr object, read_good(answer));
    const json_t* const allow = json_object_get(object.get(), "allow");
    if (json_is_true(allow)) return {};
    if (json_is_false(allow))
        return refused("the webhook refuses", text_in(object.get(), "reason"));
    return unclear("the webhook does not say \"allow\"", answer);
}

pki::Status intune_verdict(const HttpAnswer& answer) {
    PKI_TRY(const JsonPtr object, read_good(answer));
    const std::string_view code = text_in(object.get(), "code");
    if (code == "Success") return {};
    if (!code.empty()) return refused("Intune refuses", code);
    return unclear("Intune does not say a code", answer);
}

pki::Result<AccessToken> read_token(const HttpAnswer& answer) {
    PKI_TRY(const JsonPtr object, read_object(answer));
    if (answer.status != kOk)
        return fail(Errc::unavailable, "no token",
                    outside_reason(text_in(object.get(), "error")));
    AccessToken token{std::string(text_in(object.get(), "access_token")), 0};
    const json_t* const lifetime = json_object_get(object.get(), "expires_in");
    if (json_is_integer(lifetime)) token.lifetime = json_integer_value(lifetime);
    // RFC 6750 2.1: what is a line of its own in a header is no token.
    const bool plain = std::ranges::all_of(token.text, pki::is_graphic);
    if (!token.text.empty() && token.text.size() <= kMaxToken && plain &&
        pki::equal_ignoring_case(text_in(object.get(), "token_type"), "bearer"))
        return token;
    return unclear("no token that can be used", answer);
}

pki::Result<std::string> read_endpoint(const HttpAnswer& answer, std::string_view service) {
    PKI_TRY(const JsonPtr object, read_good(answer));
    const json_t* const list = json_object_get(object.get(), "value");
    for (std::size_t i = 0; i < json_array_size(list); i++) {
        const json_t* const entry = json_array_get(list, i);
        if (!pki::equal_ignoring_case(text_in(entry, "providerName"), service) &&
            !pki::equal_ignoring_case(text_in(entry, "serviceName"), service))
            continue;
        std::string_view uri = text_in(entry, "uri");
        while (uri.ends_with('/')) uri.remove_suffix(1);
        if (!uri.empty()) return std::string(uri);
    }
    return fail(Errc::unavailable, "the service is not in the list", std::string(service));
}

}  // namespace signerd
