// A configuration in use, numbered, with what is derived from it once. Requests keep the
// generation that they began with; a reload makes the next one.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "signerd/config.h"
#include "signerd/ocsp_issuers.h"

namespace signerd {

struct Generation {
    std::uint64_t number = 0;
    std::shared_ptr<const Config> config;
    std::map<std::string, pki::ossl::PkeyPtr> ca_keys;  // public keys, by CA
    OcspIssuers ocsp_issuers;

    // nullptr when there is none.
    const Profile* profile(std::string_view name) const;
    // The CA that the profile names. Which one issues is another question.
    const Ca& ca(const Profile& profile) const { return config->cas.at(profile.ca); }
    // That CA or the successor whose time has come, at `now` in seconds since 1970.
    const Ca& issuing_ca(const Profile& profile, std::int64_t now) const;
};

pki::Result<std::shared_ptr<const Generation>> make_generation(
    std::uint64_t number, std::shared_ptr<const Config> config);

}  // namespace signerd
