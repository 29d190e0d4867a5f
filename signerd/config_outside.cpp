#include "signerd/config_files.h"
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"
#include "signerd/config_values.h"
#include "signerd/outside/url.h"

namespace signerd {

namespace {

constexpr char kCaFile[] = "/etc/ssl/certs/ca-certificates.crt";
// SCEP clients do not wait longer, and each question holds a request.
constexpr std::int64_t kLongest = 60;

constexpr char kAuthority[] = "https://login.microsoftonline.com";
constexpr char kDiscovery[] =
    "https://graph.microsoft.com/v1.0/servicePrincipals/"
    "appId=0000000a-0000-0000-c000-000000000000/endpoints";
// With two slashes, as Microsoft's own library has it.
constexpr char kScope[] = "https://api.manage.microsoft.com//.default";

pki::Result<std::string> read_host(const JsonValue& value) {
    PKI_TRY(std::string host, value.text());
    if (const auto good = check_host(host); !good) return value.error(good.error().message());
    return host;
}

// Who may write to it decides whom we believe.
pki::Result<std::string> read_ca_file(const JsonValue& value,
                                      const std::filesystem::path& folder) {
    PKI_TRY(std::string path, read_path(value, folder, "file"));
    if (const auto safe = check_unwritable(path); !safe)
        return value.error(safe.error().message());
    if (const auto text = read_text_file(path, std::size_t{16} << 20); !text)
        return value.error(path + ": " + text.error().message());
    return path;
}

// A URL that the child will take.
auto listed_url(const OutsideRules& outside) {
    return [&outside](const JsonValue& value) -> pki::Result<std::string> {
        PKI_TRY(std::string url, value.text());
        if (const auto listed = check_listed(url, outside.hosts); !listed)
            return value.error(listed.error().message());
        return url;
    };
}

// Of which other URLs are made.
auto base_url(const OutsideRules& outside) {
    return [&outside](const JsonValue& value) -> pki::Result<std::string> {
        PKI_TRY(std::string url, listed_url(outside)(value));
        while (url.ends_with('/')) url.pop_back();
        return url;
    };
}

// What the readers of a challenge have in common.
struct Place {
    const std::filesystem::path& folder;
    const OutsideRules& outside;
    const SecretCheck& check;
};

auto secret_file(const Place& place) {
    return [&](const JsonValue& value) -> pki::Result<std::string> {
        PKI_TRY(std::string path, read_path(value, place.folder, "file"));
        if (const auto safe = place.check(place.outside, path); !safe)
            return value.error(path + ": " + safe.error().message());
        return path;
    };
}

pki::Status read_common(const JsonObject& object, const OutsideRules& outside,
                        std::int64_t& timeout, bool& notify) {
    timeout = outside.timeout;
    PKI_CHECK(object.optional("timeout", into(timeout, duration(1, kLongest))));
    return object.optional("notify", into(notify, &JsonValue::boolean));
}

pki::Status read_places(const JsonObject& object, const OutsideRules& outside,
                        IntuneRules& rules) {
    rules.authority = kAuthority;
    rules.discovery = kDiscovery;
    rules.scope = kScope;
    const auto base = base_url(outside);
    PKI_CHECK(object.optional("authority", into(rules.authority, base)));
    PKI_CHECK(object.optional("discovery", into(rules.discovery, listed_url(outside))));
    PKI_CHECK(object.optional("endpoint", into(rules.endpoint, base)));
    PKI_CHECK(object.optional("scope", into(rules.scope, &JsonValue::text)));
    if (const auto listed = check_listed(rules.authority, outside.hosts); !listed)
        return object.error("authority", listed.error().message());
    if (!rules.endpoint.empty()) return {};
    if (const auto listed = check_listed(rules.discovery, outside.hosts); !listed)
        return object.error("discovery", listed.error().message());
    return {};
}

pki::Result<OutsideChallengeRules> read_webhook(const JsonValue& value, const Place& place) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kWebhook));
    WebhookRules rules;
    PKI_CHECK(object.required("url", into(rules.url, listed_url(place.outside))));
    PKI_CHECK(object.required("secret", into(rules.secret_path, secret_file(place))));
    PKI_CHECK(read_common(object, place.outside, rules.timeout, rules.notify));
    return OutsideChallengeRules(std::move(rules));
}

pki::Result<OutsideChallengeRules> read_intune(const JsonValue& value, const Place& place) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kIntune));
    IntuneRules rules;
    PKI_CHECK(object.required("tenant_id", into(rules.tenant_id, read_name)));
    PKI_CHECK(object.required("client_id", into(rules.client_id, read_name)));
    PKI_CHECK(object.required("client_secret", into(rules.secret_path, secret_file(place))));
    PKI_CHECK(read_places(object, place.outside, rules));
    PKI_CHECK(read_common(object, place.outside, rules.timeout, rules.notify));
    return OutsideChallengeRules(std::move(rules));
}

// Empty: what it is is for who reads it as a challenge.
std::string type_of(const JsonValue& challenge) {
    const auto members = challenge.members();
    if (!members) return "";
    for (const auto& [key, value] : *members)
        if (key == "type") {
            const auto text = value.text();
            return text ? *text : "";
        }
    return "";
}

}  // namespace

pki::Result<OutsideRules> read_outside(const JsonValue& value,
                                       const std::filesystem::path& folder) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kOutside));
    OutsideRules rules;
    rules.ca_file = kCaFile;
    const auto ca_file = [&](const JsonValue& v) { return read_ca_file(v, folder); };
    PKI_CHECK(object.optional("user", into(rules.user, &JsonValue::text)));
    PKI_CHECK(object.optional("group", into(rules.group, &JsonValue::text)));
    PKI_CHECK(object.required("hosts", into(rules.hosts, list_of(read_host, 1))));
    PKI_CHECK(object.optional("connections", into(rules.connections, integer(1, 256))));
    PKI_CHECK(object.optional("timeout", into(rules.timeout, duration(1, kLongest))));
    PKI_CHECK(object.optional("ca_file", into(rules.ca_file, ca_file)));
    if (!object.has("ca_file") && !read_text_file(rules.ca_file, std::size_t{16} << 20))
        return object.error("ca_file", rules.ca_file + ": cannot be read");
    return rules;
}

pki::Status read_outside_challenges(const JsonValue& value, const std::filesystem::path& folder,
                                    const SecretCheck& check,
                                    std::optional<OutsideConfig>& outside) {
    PKI_TRY(const auto members, value.members());
    for (const auto& [name, member] : members) {
        const std::string type = type_of(member);
        if (type != "webhook" && type != "intune") continue;
        if (!outside)
            return member.error("type " + type + " only with \"outside\" at the top level");
        const auto read = type == "webhook" ? read_webhook : read_intune;
        PKI_TRY(OutsideChallengeRules rules, read(member, {folder, outside->rules, check}));
        outside->challenges.emplace(name, std::move(rules));
    }
    return {};
}

}  // namespace signerd
