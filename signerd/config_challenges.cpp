// "challenges": one reader for each type.
#include <openssl/crypto.h>

#include "signerd/challenge/hmac.h"
#include "signerd/challenge/jws_challenge.h"
#include "signerd/challenge/outside.h"
#include "signerd/challenge/static.h"
#include "signerd/config_files.h"
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"
#include "signerd/config_values.h"

namespace signerd {

namespace {

using Folder = std::filesystem::path;

constexpr std::size_t kMaxSecrets = std::size_t{64} * 1024;
constexpr std::size_t kMaxPem = std::size_t{256} * 1024;
constexpr std::size_t kShortestKey = 32;  // bytes; of HMAC-SHA256 longer ones gain nothing
constexpr std::int64_t kMaxLifetime = 365 * kDay;

// What the file held is wiped when this goes.
struct SecretText {
    std::string text;
    ~SecretText() { OPENSSL_cleanse(text.data(), text.size()); }
};

// Kept like a private key: whoever reads it can enrol.
pki::Status read_secret(const JsonValue& value, const Folder& folder, SecretText& secret) {
    PKI_TRY(const std::string path, read_path(value, folder, "file"));
    if (const auto safe = check_key_file(path); !safe)
        return value.error(path + ": " + safe.error().message());
    if (const auto safe = check_folder(folder_of(path)); !safe)
        return value.error(safe.error().message());
    auto text = read_text_file(path, kMaxSecrets);
    if (!text) return value.error(path + ": " + text.error().message());
    secret.text.swap(*text);
    return {};
}

pki::Result<ChallengePtr> read_static(const std::string& name, const JsonValue& value,
                                      const Folder& folder) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kStaticChallenge));
    std::vector<pki::Secret> secrets;
    const auto file = [&](const JsonValue& v) -> pki::Status {
        SecretText text;
        PKI_CHECK(read_secret(v, folder, text));
        auto found = secrets_of(text.text);
        if (!found) return v.error(found.error().message());
        secrets = *std::move(found);
        return {};
    };
    PKI_CHECK(object.required("file", file));
    return ChallengePtr(std::make_shared<StaticChallenge>(name, std::move(secrets)));
}

pki::Result<std::string> read_key_id(const JsonValue& value) {
    PKI_TRY(std::string id, value.text());
    if (!is_key_id(id)) return value.error("not 1 to 32 letters, digits, \"_\" or \"-\"");
    return id;
}

// The bytes of the file but for one line's end, so that an editor may have written it.
pki::Status read_key(const JsonValue& value, const Folder& folder, pki::Secret& key) {
    SecretText text;
    PKI_CHECK(read_secret(value, folder, text));
    const std::string_view bytes = without_line_end(text.text);
    if (bytes.size() < kShortestKey) return value.error("a key of less than 32 bytes");
    key = pki::Secret(pki::as_bytes(bytes));
    return {};
}

pki::Result<std::vector<HmacKey>> read_keys(const JsonValue& value, const Folder& folder) {
    PKI_TRY(const auto elements, value.list(1));
    std::vector<HmacKey> keys;
    for (const JsonValue& element : elements) {
        PKI_TRY(const JsonObject object, element.object(config_keys::kHmacKey));
        HmacKey key;
        const auto file = [&](const JsonValue& v) { return read_key(v, folder, key.key); };
        PKI_CHECK(object.required("id", into(key.id, read_key_id)));
        PKI_CHECK(object.required("file", file));
        for (const HmacKey& earlier : keys)
            if (earlier.id == key.id) return object.error("id", "of an earlier key");
        keys.push_back(std::move(key));
    }
    return keys;
}

pki::Result<ChallengePtr> read_hmac(const std::string& name, const JsonValue& value,
                                    const Folder& folder) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kHmacChallenge));
    HmacRules rules;
    const auto keys = [&](const JsonValue& v) { return read_keys(v, folder); };
    PKI_CHECK(object.required("keys", into(rules.keys, keys)));
    PKI_CHECK(
        object.optional("lifetime", into(rules.lifetime, duration(kMinute, kMaxLifetime))));
    PKI_CHECK(object.optional("single_use", into(rules.single_use, &JsonValue::boolean)));
    PKI_CHECK(object.optional("version_1", into(rules.version_1, &JsonValue::boolean)));
    return ChallengePtr(std::make_shared<HmacChallenge>(name, std::move(rules)));
}

// Who can change an anchor decides who enrols.
pki::Status add_anchors(const JsonValue& value, const Folder& folder, JwsRules& rules) {
    PKI_TRY(const std::string path, read_path(value, folder, "file"));
    for (const std::string& place : {path, folder_of(path)})
        if (const auto safe = check_unwritable(place); !safe)
            return value.error(safe.error().message());
    const auto pem = read_text_file(path, kMaxPem);
    if (!pem) return value.error(path + ": " + pem.error().message());
    auto anchors = anchors_from_pem(*pem);
    if (!anchors) return value.error(path + ": " + anchors.error().message());
    for (JwsAnchor& anchor : *anchors) rules.anchors.push_back(std::move(anchor));
    return {};
}

pki::Result<ChallengePtr> read_jws(const std::string& name, const JsonValue& value,
                                   const Folder& folder) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kJwsChallenge));
    JwsRules rules;
    std::int64_t limit = rules.limit;
    const auto anchors = [&](const JsonValue& v) -> pki::Status {
        PKI_TRY(const auto elements, v.list(1));
        for (const JsonValue& element : elements)
            PKI_CHECK(add_anchors(element, folder, rules));
        return {};
    };
    PKI_CHECK(object.required("anchors", anchors));
    PKI_CHECK(object.required("issuer", into(rules.issuer, &JsonValue::text)));
    PKI_CHECK(object.required("audience", into(rules.audience, &JsonValue::text)));
    PKI_CHECK(object.optional("max_lifetime",
                              into(rules.max_lifetime, duration(kMinute, kMaxLifetime))));
    PKI_CHECK(object.optional("limit", into(limit, integer(0, 1'000'000))));
    rules.limit = static_cast<std::uint32_t>(limit);
    return ChallengePtr(std::make_shared<JwsChallenge>(name, std::move(rules)));
}

// Its rules are the outside child's: read_outside_challenges() has read them.
pki::Result<ChallengePtr> read_outside_challenge(const std::string& name, const JsonValue&,
                                                 const Folder&) {
    return ChallengePtr(std::make_shared<OutsideChallenge>(name));
}

using Read = pki::Result<ChallengePtr> (*)(const std::string& name, const JsonValue& value,
                                           const Folder& folder);

constexpr Choice<Read> kTypes[] = {{"static", read_static},
                                   {"hmac", read_hmac},
                                   {"jws", read_jws},
                                   {"webhook", read_outside_challenge},
                                   {"intune", read_outside_challenge}};

// Which keys there may be follows from it.
pki::Result<Read> read_type(const JsonValue& value) {
    PKI_TRY(const auto members, value.members());
    for (const auto& [key, member] : members)
        if (key == "type") return read_choice<Read>(member, kTypes);
    return value.error("\"type\" is missing");
}

pki::Result<ChallengePtr> read_challenge(const std::string& name, const JsonValue& value,
                                         const Folder& folder) {
    PKI_CHECK(check_name(value, name));
    if (name == kNoChallenge) return value.error("\"none\" is no name: it stands for none");
    PKI_TRY(const Read read, read_type(value));
    return read(name, value, folder);
}

}  // namespace

pki::Result<Challenges> read_challenges(const JsonValue& value, const Folder& folder) {
    PKI_TRY(const auto members, value.members());
    Challenges challenges;
    for (const auto& [name, member] : members) {
        PKI_TRY(ChallengePtr challenge, read_challenge(name, member, folder));
        challenges.emplace(name, std::move(challenge));
    }
    return challenges;
}

}  // namespace signerd
