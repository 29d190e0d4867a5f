#include "signerd/config.h"

#include "signerd/config_files.h"
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"
#include "signerd/config_values.h"
#include "signerd/user.h"

namespace signerd {

namespace {

// Thousands of profiles fit.
constexpr std::size_t kMaxFile = std::size_t{8} << 20;

pki::Result<Limits> read_limits(const JsonValue& value) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kLimits));
    Limits limits;
    PKI_CHECK(object.optional("connections", into(limits.connections, integer(1, 65536))));
    PKI_CHECK(object.optional("queue", into(limits.queue, integer(1, 1048576))));
    PKI_CHECK(object.optional("drain", into(limits.drain_seconds, duration(0, kHour))));
    return limits;
}

pki::Status read_outside_account(const JsonValue& value, Confinement& confinement) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kOutside));
    confinement.outside = true;
    PKI_CHECK(object.optional("user", into(confinement.outside_user, &JsonValue::text)));
    PKI_CHECK(object.optional("group", into(confinement.outside_group, &JsonValue::text)));
    if (confinement.outside_user.empty() && !confinement.outside_group.empty())
        return object.error("group", "only with user");
    if (confinement.outside_user.empty() != confinement.user.empty())
        return object.error("user", "both signerd and what is outside of it have one, or none");
    if (!confinement.user.empty() && confinement.user == confinement.outside_user)
        return object.error("user", "the one that signerd has itself");
    return {};
}

pki::Status read_confinement(const JsonObject& object, Confinement& confinement) {
    PKI_CHECK(object.optional("user", into(confinement.user, &JsonValue::text)));
    PKI_CHECK(object.optional("group", into(confinement.group, &JsonValue::text)));
    PKI_CHECK(object.optional("sandbox", into(confinement.sandbox, &JsonValue::boolean)));
    if (confinement.user.empty() && !confinement.group.empty())
        return object.error("group", "only with user");
    return object.optional("outside", [&](const JsonValue& value) {
        return read_outside_account(value, confinement);
    });
}

pki::Status read_authorities(const JsonObject& object, const std::filesystem::path& folder,
                             const Challenges* challenges, Config& config) {
    const auto cas = [&](const JsonValue& v) { return read_cas(v, folder); };
    const auto profiles = [&](const JsonValue& v) {
        return read_profiles(v, config.cas, challenges);
    };
    PKI_CHECK(object.required("cas", into(config.cas, cas)));
    return object.required("profiles", into(config.profiles, profiles));
}

// SQLite puts further files beside it.
pki::Result<std::string> read_store(const JsonValue& value,
                                    const std::filesystem::path& folder) {
    PKI_TRY(std::string path, read_path(value, folder, "sqlite"));
    for (const std::string& place : {path, folder_of(path)})
        if (const auto safe = check_unwritable(place); !safe)
            return value.error(safe.error().message());
    return path;
}

pki::Status read_outside_part(const JsonObject& object, const std::filesystem::path& folder,
                              const SecretCheck& check, Config& config) {
    PKI_CHECK(object.optional("outside", [&](const JsonValue& value) -> pki::Status {
        PKI_TRY(OutsideRules rules, read_outside(value, folder));
        config.outside = OutsideConfig{std::move(rules), {}};
        return {};
    }));
    return object.optional("challenges", [&](const JsonValue& value) {
        return read_outside_challenges(value, folder, check, config.outside);
    });
}

// By the front, which reads no secret of the outside child.
pki::Status own_secret(const OutsideRules& rules, const std::string& path) {
    return check_secret_file(path, outside_owner(rules));
}

// For the outside child, who looks at its secrets when it reads them, and can look up nobody.
pki::Status read_outside_alone(const JsonObject& object, const std::filesystem::path& folder,
                               Config& config) {
    const auto later = [](const OutsideRules&, const std::string&) { return pki::Status(); };
    return read_outside_part(object, folder, later, config);
}

// Sockets come last: their peers name profiles, which name CAs.
pki::Status read_service(const JsonObject& object, const std::filesystem::path& folder,
                         Config& config) {
    const auto store = [&](const JsonValue& v) { return read_store(v, folder); };
    const auto listen = [&](const JsonValue& v) {
        return read_listen(v, folder, config.profiles);
    };
    const auto challenges = [&](const JsonValue& v) { return read_challenges(v, folder); };
    PKI_CHECK(object.required("id", into(config.id, read_name)));
    PKI_CHECK(object.required("store", into(config.store, store)));
    PKI_CHECK(read_outside_part(object, folder, own_secret, config));
    PKI_CHECK(object.optional("challenges", into(config.challenges, challenges)));
    PKI_CHECK(read_authorities(object, folder, &config.challenges, config));
    PKI_CHECK(object.required("listen", into(config.listen, listen)));
    return object.optional("limits", into(config.limits, read_limits));
}

// The key child has no use for secrets of clients.
pki::Status read_keys(const JsonObject& object, const std::filesystem::path& folder,
                      Config& config) {
    return read_authorities(object, folder, nullptr, config);
}

// Who may write to the file decides who gets certificates.
pki::Result<JsonPtr> read_document(const std::string& path) {
    PKI_TRY(const std::string text, read_text_file(path, kMaxFile));
    PKI_CHECK(check_unwritable(path));
    PKI_CHECK(check_folder(folder_of(path)));
    return parse_json(text, path);
}

using Read = pki::Status (*)(const JsonObject& object, const std::filesystem::path& folder,
                             Config& config);

pki::Result<std::shared_ptr<const Config>> load(const std::string& path, Read read) {
    PKI_TRY(const JsonPtr root, read_document(path));

    // The daemon changes its working folder, and reads the file again on SIGHUP.
    std::error_code failed;
    const std::filesystem::path absolute = std::filesystem::absolute(path, failed);
    if (failed) return pki::fail(pki::Errc::internal, "no working folder", failed.message());

    auto config = std::make_shared<Config>();
    config->path = absolute.lexically_normal().string();
    PKI_TRY(const JsonObject object, JsonValue(root.get(), "").object(config_keys::kFile));
    PKI_CHECK(read_confinement(object, config->confinement));
    PKI_CHECK(read(object, absolute.parent_path(), *config));
    return std::shared_ptr<const Config>(std::move(config));
}

}  // namespace

pki::Result<std::shared_ptr<const Config>> load_config(const std::string& path) {
    return load(path, read_service);
}

pki::Result<std::shared_ptr<const Config>> load_key_config(const std::string& path) {
    return load(path, read_keys);
}

pki::Result<OutsideConfig> load_outside_config(const std::string& path) {
    PKI_TRY(const auto config, load(path, read_outside_alone));
    if (config->outside) return *config->outside;
    return pki::fail(pki::Errc::not_found, "no \"outside\" in the configuration");
}

pki::Result<Confinement> load_confinement(const std::string& path) {
    PKI_TRY(const JsonPtr root, read_document(path));
    PKI_TRY(const JsonObject object, JsonValue(root.get(), "").object(config_keys::kFile));
    Confinement confinement;
    PKI_CHECK(read_confinement(object, confinement));
    return confinement;
}

}  // namespace signerd
