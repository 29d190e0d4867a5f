// Sockets and who may connect to them. Everything that is not allowed here is refused.
#include <grp.h>
#include <pwd.h>
#include <sys/un.h>

#include <algorithm>
#include <limits>

#include "signerd/config_files.h"
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"
#include "signerd/config_values.h"

namespace signerd {

namespace {

using Profiles = std::map<std::string, Profile>;

constexpr Choice<Role> kRoles[] = {
    {"frontend", Role::frontend}, {"reader", Role::reader}, {"admin", Role::admin}};

// (uid_t)-1 and (gid_t)-1 mean "unchanged" to the system.
constexpr std::int64_t kMaxId = std::numeric_limits<uid_t>::max() - 1;

pki::Result<std::optional<uid_t>> read_user(const JsonValue& value) {
    if (value.is_integer()) {
        PKI_TRY(const std::int64_t id, value.integer(0, kMaxId));
        return std::optional<uid_t>(static_cast<uid_t>(id));
    }
    PKI_TRY(const std::string name, value.text());
    const passwd* entry = getpwnam(name.c_str());
    if (!entry) return value.error("no user \"" + name + "\" on this system");
    return std::optional<uid_t>(entry->pw_uid);
}

pki::Result<std::optional<gid_t>> read_group(const JsonValue& value) {
    if (value.is_integer()) {
        PKI_TRY(const std::int64_t id, value.integer(0, kMaxId));
        return std::optional<gid_t>(static_cast<gid_t>(id));
    }
    PKI_TRY(const std::string name, value.text());
    const group* entry = getgrnam(name.c_str());
    if (!entry) return value.error("no group \"" + name + "\" on this system");
    return std::optional<gid_t>(entry->gr_gid);
}

pki::Result<mode_t> read_mode(const JsonValue& value) {
    PKI_TRY(const std::string text, value.text());
    const bool octal = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '7'; });
    if (!octal || text.size() != 4 || text[0] != '0')
        return value.error("not a mode: four octal digits, the first one 0");
    return static_cast<mode_t>(std::stoul(text, nullptr, 8));
}

pki::Result<std::string> read_socket_path(const JsonValue& value,
                                          const std::filesystem::path& folder) {
    PKI_TRY(std::string path, read_path(value, folder, "unix"));
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        return value.error("longer than a Unix socket's path may be (107 bytes): " + path);
    // Whoever can put a socket of his own there is believed by nginx.
    if (const auto safe = check_folder(folder_of(path)); !safe)
        return value.error(safe.error().message());
    return path;
}

pki::Status read_peer_profiles(const JsonValue& value, const Profiles& profiles, Peer& peer) {
    if (value.is_string()) {
        PKI_TRY(const std::string text, value.text());
        if (text != "*") return value.error("neither a list of profiles nor \"*\"");
        peer.all_profiles = true;
        return {};
    }
    PKI_TRY(const auto elements, value.list(1));
    for (const JsonValue& element : elements) {
        PKI_TRY(std::string name, element.text());
        if (!profiles.contains(name)) return element.error("no profile \"" + name + "\"");
        peer.profiles.push_back(std::move(name));
    }
    return {};
}

pki::Status read_frontend(const JsonObject& object, const Profiles& profiles, Peer& peer) {
    PKI_CHECK(object.required("profiles", [&](const JsonValue& value) {
        return read_peer_profiles(value, profiles, peer);
    }));
    return object.optional("verify_possession",
                           into(peer.verify_possession, &JsonValue::boolean));
}

pki::Status refuse_frontend_keys(const JsonObject& object) {
    for (const char* key : {"profiles", "verify_possession"})
        if (object.has(key)) return object.error(key, "only for a frontend");
    return {};
}

pki::Result<Peer> read_peer(const JsonValue& value, const Profiles& profiles) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kPeer));
    Peer peer;
    const auto role = [](const JsonValue& v) { return read_choice<Role>(v, kRoles); };
    PKI_CHECK(object.required("name", into(peer.name, read_name)));
    PKI_CHECK(object.optional("user", into(peer.user, read_user)));
    PKI_CHECK(object.optional("group", into(peer.group, read_group)));
    if (!peer.user && !peer.group) return value.error("neither user nor group");
    PKI_CHECK(object.required("role", into(peer.role, role)));
    if (peer.role == Role::frontend)
        PKI_CHECK(read_frontend(object, profiles, peer));
    else
        PKI_CHECK(refuse_frontend_keys(object));
    return peer;
}

// Does everybody whom `second` matches match `first` too?
bool shadows(const Peer& first, const Peer& second) {
    return (!first.user || first.user == second.user) &&
           (!first.group || first.group == second.group);
}

pki::Result<std::vector<Peer>> read_peers(const JsonValue& value, const Profiles& profiles) {
    PKI_TRY(const auto elements, value.list(1));
    std::vector<Peer> peers;
    for (const JsonValue& element : elements) {
        PKI_TRY(Peer peer, read_peer(element, profiles));
        for (const Peer& earlier : peers) {
            if (earlier.name == peer.name)
                return element.error("a second peer \"" + peer.name + "\"");
            if (shadows(earlier, peer))
                return element.error("never matches, \"" + earlier.name + "\" comes first");
        }
        peers.push_back(std::move(peer));
    }
    return peers;
}

pki::Result<Listen> read_socket(const JsonValue& value, const std::filesystem::path& folder,
                                const Profiles& profiles) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kListen));
    Listen listen;
    const auto path = [&](const JsonValue& v) { return read_socket_path(v, folder); };
    const auto peers = [&](const JsonValue& v) { return read_peers(v, profiles); };
    PKI_CHECK(object.required("path", into(listen.path, path)));
    PKI_CHECK(object.optional("mode", into(listen.mode, read_mode)));
    PKI_CHECK(object.optional("group", into(listen.group, read_group)));
    PKI_CHECK(object.required("peers", into(listen.peers, peers)));
    return listen;
}

}  // namespace

pki::Result<std::vector<Listen>> read_listen(const JsonValue& value,
                                             const std::filesystem::path& folder,
                                             const Profiles& profiles) {
    PKI_TRY(const auto elements, value.list(1));
    std::vector<Listen> sockets;
    for (const JsonValue& element : elements) {
        PKI_TRY(Listen listen, read_socket(element, folder, profiles));
        if (std::ranges::find(sockets, listen.path, &Listen::path) != sockets.end())
            return element.error("a second socket " + listen.path);
        sockets.push_back(std::move(listen));
    }
    return sockets;
}

}  // namespace signerd
