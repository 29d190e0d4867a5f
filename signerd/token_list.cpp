#include <algorithm>

#include "libpki/base/base64.h"
#include "libpki/base/time.h"
#include "libpki/wire/token.h"
#include "signerd/certificate_json.h"
#include "signerd/token_maker.h"

namespace signerd {

namespace {

constexpr std::uint32_t kListed = 200;  // tokens looked at for one answer

const char* state_of(const Token& token, std::int64_t now) {
    if (token.revoked) return "revoked";
    if (token.used) return "used";
    return token.expires <= now ? "expired" : "good";
}

JsonPtr names(const std::vector<std::string>& profiles) {
    JsonPtr list(json_array());
    for (const std::string& profile : profiles)
        json_array_append_new(list.get(), json_stringn(profile.data(), profile.size()));
    return list;
}

}  // namespace

JsonPtr token_json(const Token& token, std::int64_t now) {
    JsonPtr json(json_object());
    put(json.get(), "id", token.id);
    put(json.get(), "state", state_of(token, now));
    put(json.get(), "name", token.name);
    put(json.get(), "identity", token.identity);
    put(json.get(), "profiles", names(token.profiles));
    put(json.get(), "once", JsonPtr(json_boolean(token.once)));
    put(json.get(), "created", pki::format_iso8601(token.created));
    put(json.get(), "created_by", token.created_by);
    put(json.get(), "expires", pki::format_iso8601(token.expires));
    if (token.revoked) put(json.get(), "revoked", pki::format_iso8601(*token.revoked));
    put(json.get(), "sha256", pki::hex_encode(token.sha256));
    return json;
}

pki::Result<pki::Buffer> token_list(Store& store, std::int64_t now, const Request& request) {
    PKI_TRY(const auto asked, pki::wire::decode<pki::wire::TokenListRequest>(request.frame));
    const std::uint32_t wanted = std::min(asked.limit != 0 ? asked.limit : kListed, kListed);
    PKI_TRY(const auto tokens, store.list_tokens({asked.all, now, asked.after, wanted + 1}));
    JsonList list("tokens");
    std::size_t taken = 0;
    while (taken < std::min<std::size_t>(tokens.size(), wanted) &&
           list.add(token_json(tokens[taken], now)))
        taken++;
    std::string tail;
    if (taken < tokens.size()) tail = ",\"after\":" + std::to_string(tokens[taken - 1].id);
    return list.reply(tail, request.to.id);
}

}  // namespace signerd
