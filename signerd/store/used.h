// What the store remembers of things that are good once, or so many times a day.
#pragma once

#include <cstdint>

#include "libpki/ossl/digest.h"

namespace signerd {

// The numbers are in the database.
enum class UsedKind : std::uint8_t {
    hmac_token = 1,
    jws_nonce = 2,
    token = 3,  // its SHA-256 (token.h)
};

// A value that is good for one certificate. Kept until it could not be used anyway.
struct UsedValue {
    UsedKind kind = UsedKind::hmac_token;
    pki::ossl::Sha256 hash{};  // of the value: nothing can be had of the store
    std::int64_t expires = 0;  // seconds since 1970

    bool same(const UsedValue& other) const { return kind == other.kind && hash == other.hash; }
};

// One more of what is counted under this hash, until it expires.
struct CountedValue {
    pki::ossl::Sha256 hash{};
    std::int64_t expires = 0;
};

// Of what is counted under one hash.
struct Counted {
    std::uint64_t count = 0;
    // When fewer than the count asked about are left, if nothing is added; 0: they are fewer
    // now.
    std::int64_t until = 0;
};

}  // namespace signerd
