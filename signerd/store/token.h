// Tokens that an operator has made, as the store has them: what they are good for, and a hash.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libpki/ossl/digest.h"

namespace signerd {

struct Token {
    std::uint64_t id = 0;        // set by the store, grows with each token
    pki::ossl::Sha256 sha256{};  // of the token: it cannot be had of the store
    std::string name;            // what its maker calls it; empty: nothing
    std::string identity;        // the one name that it is good for; empty: any
    std::vector<std::string> profiles;
    bool once = false;         // good for one certificate
    std::int64_t created = 0;  // seconds since 1970, as expires and revoked
    std::int64_t expires = 0;
    std::string created_by;  // peer of signerd
    std::optional<std::int64_t> revoked;
    // Set by the store: it is good once, and was.
    bool used = false;

    bool good(std::int64_t now) const { return now < expires && !revoked && !used; }
};

// How long one is kept that is over, so that its maker finds out what became of it: seconds.
constexpr std::int64_t kTokenKept = std::int64_t{30} * 86400;

struct TokenRevocation {
    std::uint64_t id = 0;
    std::int64_t time = 0;
};

struct TokenFilter {
    bool all = false;      // false: those that are good at `now`
    std::int64_t now = 0;  // seconds since 1970
    std::uint64_t after = 0;
    std::uint32_t limit = 100;
};

}  // namespace signerd
