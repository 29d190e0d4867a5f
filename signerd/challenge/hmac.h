// Challenges of type "hmac": tokens (token.h) that signerd or somebody else who has the key
// makes, for one certificate each.
#pragma once

#include <vector>

#include "libpki/base/secret.h"
#include "signerd/challenge/challenge.h"
#include "signerd/challenge/token.h"

namespace signerd {

struct HmacKey {
    std::string id;
    pki::Secret key;
};

struct HmacRules {
    std::vector<HmacKey> keys;     // at least one; the first makes new tokens
    std::int64_t lifetime = 3600;  // seconds, of tokens that signerd makes
    bool single_use = true;
    bool version_1 = false;
};

class HmacChallenge final : public Challenge {
   public:
    HmacChallenge(std::string name, HmacRules rules)
        : Challenge(std::move(name)), rules_(std::move(rules)) {}

    Finding check(const Presented& presented) const override;

    struct Wanted {
        int version = 2;
        std::int64_t expires = 0;  // seconds since 1970
        std::string_view profile;
        std::string_view subject;  // empty: anybody
    };
    // denied when there is no such version here, or version 1 is to be bound to a subject.
    pki::Result<std::string> make(const Wanted& wanted) const;

    const HmacRules& rules() const { return rules_; }

   private:
    const HmacKey* find_key(const HmacToken& token, const TokenScope& scope) const;

    const HmacRules rules_;
};

}  // namespace signerd
