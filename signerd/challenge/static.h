// Challenges of type "static": secrets that are the same for everybody and good until they are
// taken out of their file.
#pragma once

#include <vector>

#include "libpki/base/secret.h"
#include "signerd/challenge/challenge.h"

namespace signerd {

class StaticChallenge final : public Challenge {
   public:
    StaticChallenge(std::string name, std::vector<pki::Secret> secrets)
        : Challenge(std::move(name)), secrets_(std::move(secrets)) {}

    Finding check(const Presented& presented) const override;

   private:
    const std::vector<pki::Secret> secrets_;
};

// One secret in each line of `text`; the line's end is no part of it, empty lines are none. At
// least one, each of at least kShortestSecret bytes of UTF-8 without control characters, none
// twice.
constexpr std::size_t kShortestSecret = 8;
pki::Result<std::vector<pki::Secret>> secrets_of(std::string_view text);

}  // namespace signerd
