// Challenges of type "jws": what an MDM connector signed for one device.
#pragma once

#include <limits>
#include <vector>

#include "signerd/challenge/challenge.h"
#include "signerd/challenge/jws.h"

namespace signerd {

// A public key that is believed; of a certificate only while it is valid.
struct JwsAnchor {
    pki::ossl::PkeyPtr key;
    std::int64_t not_before = 0;  // seconds since 1970
    std::int64_t not_after = std::numeric_limits<std::int64_t>::max();
};

// Every CERTIFICATE and "PUBLIC KEY" of a PEM text. malformed when there is none; weak_key for
// RSA below 2048 bits; unsupported for keys that sign neither RS256 nor ES256.
pki::Result<std::vector<JwsAnchor>> anchors_from_pem(std::string_view pem);

struct JwsRules {
    std::vector<JwsAnchor> anchors;
    std::string issuer;
    std::string audience;
    std::int64_t max_lifetime = 3600;  // seconds, exp - iat
    std::uint32_t limit = 3;           // certificates of one device in 24 hours; 0: any number
};

class JwsChallenge final : public Challenge {
   public:
    JwsChallenge(std::string name, JwsRules rules)
        : Challenge(std::move(name)), rules_(std::move(rules)) {}

    Finding check(const Presented& presented) const override;

   private:
    const JwsAnchor* verifier(const Jws& jws, std::int64_t now) const;
    const char* object_to_claims(const JwsClaims& claims, const Presented& presented) const;
    const char* object_to_times(const JwsClaims& claims, std::int64_t now) const;
    Claims claims_of(const JwsClaims& claims, const std::string& anchor,
                     std::int64_t now) const;

    const JwsRules rules_;
};

}  // namespace signerd
