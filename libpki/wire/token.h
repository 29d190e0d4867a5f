// Tokens: what a client shows in place of a password, or once in its life. signerd makes them
// for an operator, and keeps their SHA-256 alone.
#pragma once

#include "libpki/wire/messages.h"

namespace pki::wire {

// Answered with a JsonReply, the one place where the token stands in clear.
struct TokenCreateRequest {
    static constexpr Kind kKind = Kind::token_create_request;

    std::vector<Bytes> profiles;  // names that it is good for, one at least
    std::string_view name;                   // in audit records; empty: its number
    // The one name that its certificates may have, as common name and as dNSName; empty: what
    // the profile allows.
    std::string_view identity;
    std::uint32_t lifetime = 0;  // seconds
    bool once = false;           // used up by a certificate

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.list(1, m.profiles, limits::kProfileName, limits::kTokenProfiles);
        v.text(2, m.name, limits::kTokenName);
        v.text(3, m.identity, limits::kTokenIdentity);
        v.number(4, m.lifetime);
        v.flag(5, m.once);
    }
};

struct TokenListRequest {
    static constexpr Kind kKind = Kind::token_list_request;

    std::uint64_t after = 0;  // cursor: the number of the last one seen
    std::uint32_t limit = 0;  // 0: as many as fit in one answer
    bool all = false;         // those that are over, used or revoked as well

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.after);
        v.number(2, m.limit);
        v.flag(3, m.all);
    }
};

struct TokenRevokeRequest {
    static constexpr Kind kKind = Kind::token_revoke_request;

    std::uint64_t id = 0;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.id);
    }
};

}  // namespace pki::wire
