#include "signerd/generation.h"

#include "signerd/successor.h"

namespace signerd {

const Profile* Generation::profile(std::string_view name) const {
    const auto found = config->profiles.find(std::string(name));
    return found == config->profiles.end() ? nullptr : &found->second;
}

const Ca& Generation::issuing_ca(const Profile& profile, std::int64_t now) const {
    return signerd::issuing_ca(ca(profile), config->cas, now);
}

pki::Result<std::shared_ptr<const Generation>> make_generation(
    std::uint64_t number, std::shared_ptr<const Config> config) {
    auto generation = std::make_shared<Generation>();
    generation->number = number;
    for (const auto& [name, ca] : config->cas) {
        PKI_TRY(const auto certificate, pki::x509::parse_certificate(ca.chain.front()));
        PKI_TRY(auto key, pki::ossl::make_public_key(certificate.tbs.spki.key));
        generation->ca_keys.emplace(name, std::move(key));
        generation->ocsp_issuers.add(ca, certificate.tbs.spki.key_bits);
    }
    generation->config = std::move(config);
    return std::shared_ptr<const Generation>(std::move(generation));
}

}  // namespace signerd
