#include "signerd/peer.h"

#include <algorithm>

namespace signerd {

namespace {

// A peer that names neither user nor group matches nobody: access is never open by omission.
bool matches(const Peer& peer, const ucred& credentials) {
    if (!peer.user && !peer.group) return false;
    return (!peer.user || *peer.user == credentials.uid) &&
           (!peer.group || *peer.group == credentials.gid);
}

}  // namespace

const Peer* match_peer(const Listen& listen, const ucred& credentials) {
    const auto found = std::ranges::find_if(
        listen.peers, [&](const Peer& peer) { return matches(peer, credentials); });
    return found == listen.peers.end() ? nullptr : &*found;
}

bool may_use(const Peer& peer, std::string_view profile) {
    if (peer.role != Role::frontend || peer.all_profiles) return true;
    return std::ranges::find(peer.profiles, profile) != peer.profiles.end();
}

bool may_ask_about(const Peer& peer, const Config& config, const std::string& ca) {
    const auto asked = config.cas.find(ca);
    if (asked == config.cas.end()) return false;
    if (peer.role != Role::frontend) return true;
    return std::ranges::any_of(config.profiles, [&](const auto& entry) {
        return may_use(peer, entry.first) &&
               config.cas.at(entry.second.ca).tenant == asked->second.tenant;
    });
}

const char* name(Role role) {
    switch (role) {
        case Role::frontend: return "frontend";
        case Role::reader: return "reader";
        case Role::admin: return "admin";
    }
    return "none";
}

}  // namespace signerd
