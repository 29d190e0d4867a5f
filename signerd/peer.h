// Who is at the other end of a Unix socket, and what it may use.
#pragma once

#include <sys/socket.h>

#include <string_view>

#include "signerd/config.h"

namespace signerd {

// The first peer of this socket that the credentials match, or nullptr: no entry, no access.
const Peer* match_peer(const Listen& listen, const ucred& credentials);

// Frontends use the profiles they are given; the other roles see all.
bool may_use(const Peer& peer, std::string_view profile);

// CRLs and the status of certificates of this CA: frontends of all CAs of the tenants that their
// profiles belong to, since a CA that no profile names any more owes both until its last
// certificate has expired.
bool may_ask_about(const Peer& peer, const Config& config, const std::string& ca);

const char* name(Role role);

}  // namespace signerd
