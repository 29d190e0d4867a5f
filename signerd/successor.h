// The order in which CAs take each other's place: each entry of the configuration names the
// next one at most, and nobody comes twice (config_successor.cpp).
#pragma once

#include "signerd/config.h"

namespace signerd {

using Cas = std::map<std::string, Ca>;

// The CA itself, its successor, the successor's and so on.
std::vector<const Ca*> line_of(const Ca& ca, const Cas& cas);

// Is `name` the CA `from` or one that follows it, sooner or later?
bool leads_to(const std::string& from, const std::string& name, const Cas& cas);

// The last one of the line whose time has come at `now`, seconds since 1970.
const Ca& issuing_ca(const Ca& ca, const Cas& cas, std::int64_t now);

// RFC 7030 4.1.3: the chain of the CA that issues at `now`, then those of the others of the
// line, then what leads from one root to another (RFC 9810 4.4). No certificate twice; views
// into the configuration, which keeps their number below limits::kChain.
std::vector<pki::Bytes> ca_certificates(const Ca& ca, const Cas& cas, std::int64_t now);

}  // namespace signerd
