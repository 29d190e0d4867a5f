// The root that takes a root's place (RFC 9810 5.3.19.15), by the rollovers of the
// configuration.
#pragma once

#include "signerd/successor.h"

namespace signerd {

// Views into the configuration.
struct RootChange {
    pki::Bytes new_with_new;
    pki::Bytes new_with_old;  // empty: the configuration has none; as the next
    pki::Bytes old_with_new;
};

// Of `root`, or without one of the root above `own`: in the line of `own` first, then of other
// CAs of its tenant. nullopt when no CA below it is to have a successor below another root, or
// the files of the two have no root. Whether the successor's time has come is no question: a
// client is to trust the new root before.
std::optional<RootChange> find_root_change(const Cas& cas, const Ca& own, pki::Bytes root);

}  // namespace signerd
