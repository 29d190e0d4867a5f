// Challenges, and requests that show them.
#pragma once

#include "signerd/challenge/hmac.h"
#include "signerd/challenge/jws_challenge.h"
#include "signerd/challenge/static.h"
#include "t/unit/issue_fixture.h"

#include "t/unit/unit.h"

namespace unit {

inline pki::Secret secret(std::string_view text) { return pki::Secret(pki::as_bytes(text)); }

inline signerd::ChallengePtr static_challenge(const std::string& name,
                                              std::initializer_list<std::string_view> texts) {
    std::vector<pki::Secret> secrets;
    for (const std::string_view text : texts) secrets.push_back(secret(text));
    return std::make_shared<signerd::StaticChallenge>(name, std::move(secrets));
}

constexpr std::string_view kOldKey = "fedcba9876543210fedcba9876543210";
constexpr std::string_view kNewKey = "0123456789abcdef0123456789abcdef";

// Keys "k1" and "k0"; the first makes new tokens.
inline std::shared_ptr<signerd::HmacChallenge> hmac_challenge(const std::string& name,
                                                              bool single_use = true,
                                                              bool version_1 = false) {
    signerd::HmacRules rules;
    rules.keys.push_back({"k1", secret(kNewKey)});
    rules.keys.push_back({"k0", secret(kOldKey)});
    rules.single_use = single_use;
    rules.version_1 = version_1;
    return std::make_shared<signerd::HmacChallenge>(name, std::move(rules));
}

inline pki::Buffer challenge_csr(EVP_PKEY* key, const std::string& password,
                                 const std::string& subject = "CN=device-1",
                                 const pki::Buffer& san = {}) {
    const pki::Buffer name = *pki::x509::name_from_text(subject);
    pki::x509::CsrSpec spec;
    spec.subject = name;
    spec.san = san;
    spec.challenge_password = password;
    return *pki::x509::build_csr(spec, key);
}

// What check() is told of a CSR, at kNow and for the profile "device".
struct Shown {
    explicit Shown(const std::string& subject = "CN=device-1", const pki::Buffer& san = {})
        : der(challenge_csr(pki::ossl::generate_key("ec:P-256")->get(), "", subject, san)),
          csr(*pki::x509::parse_csr(der)) {
        presented.profile = "device";
        presented.csr = &csr;
        presented.now = kNow;
    }
    Shown(const Shown&) = delete;

    signerd::Finding by(const signerd::Challenge& challenge, std::string_view password) {
        presented.password = password;
        return challenge.check(presented);
    }

    pki::Buffer der;
    pki::x509::Csr csr;
    signerd::Presented presented;
};

}  // namespace unit
