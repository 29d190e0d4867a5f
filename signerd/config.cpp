#include "signerd/config.h"

#include "signerd/config_files.h"
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"
#include "signerd/config_values.h"

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

// Sockets come last: their peers name profiles, which name CAs.
pki::Status read_config(const JsonValue& value, const std::filesystem::path& folder,
                        Config& config) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kFile));
    const auto store = [&](const JsonValue& v) { return read_path(v, folder, "sqlite"); };
    const auto cas = [&](const JsonValue& v) { return read_cas(v, folder); };
    const auto profiles = [&](const JsonValue& v) { return read_profiles(v, config.cas); };
    const auto listen = [&](const JsonValue& v) {
        return read_listen(v, folder, config.profiles);
    };
    PKI_CHECK(object.required("id", into(config.id, read_name)));
    PKI_CHECK(object.required("store", into(config.store, store)));
    PKI_CHECK(object.required("cas", into(config.cas, cas)));
    PKI_CHECK(object.required("profiles", into(config.profiles, profiles)));
    PKI_CHECK(object.required("listen", into(config.listen, listen)));
    PKI_CHECK(object.optional("limits", into(config.limits, read_limits)));
    return {};
}

}  // namespace

pki::Result<std::shared_ptr<const Config>> load_config(const std::string& path) {
    PKI_TRY(const std::string text, read_text_file(path, kMaxFile));
    PKI_TRY(const JsonPtr root, parse_json(text, path));

    // The daemon changes its working folder, and reads the file again on SIGHUP.
    std::error_code failed;
    const std::filesystem::path absolute = std::filesystem::absolute(path, failed);
    if (failed) return pki::fail(pki::Errc::internal, "no working folder", failed.message());

    auto config = std::make_shared<Config>();
    config->path = absolute.lexically_normal().string();
    PKI_CHECK(read_config(JsonValue(root.get(), ""), absolute.parent_path(), *config));
    return std::shared_ptr<const Config>(std::move(config));
}

}  // namespace signerd
