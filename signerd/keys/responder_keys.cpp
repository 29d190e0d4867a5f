#include "signerd/keys/responder_keys.h"

#include <algorithm>

#include "signerd/keys/ocsp_check.h"

namespace signerd {

namespace {

pki::Result<ResponderKey> make_key(const std::string& spec) {
    ResponderKey made;
    PKI_TRY(made.key, pki::ossl::generate_key(spec));
    PKI_TRY(made.scheme, pki::ossl::default_scheme(made.key.get()));
    PKI_TRY(made.spki, pki::ossl::public_key_der(made.key.get()));
    PKI_TRY(const auto parsed, pki::x509::parse_spki(made.spki));
    made.hash = pki::ossl::sha1(parsed.key_bits);
    return made;
}

}  // namespace

pki::Result<pki::Buffer> ResponderKeys::public_key(std::string_view ca, const CaRules& rules,
                                                   bool fresh) {
    Keys& keys = keys_[Id(ca, rules.key_bits)];
    if (!keys.current || fresh) {
        PKI_TRY(ResponderKey made, make_key(rules.responder_key));
        keys.previous = std::move(keys.current);
        keys.current = std::move(made);
    }
    return keys.current->spki;
}

pki::Status ResponderKeys::check_certificate(std::string_view ca, const CaRules& rules,
                                             pki::Bytes encoding, std::int64_t now) const {
    PKI_TRY(const auto tbs, check_responder(rules, encoding, now));
    const ResponderKey* const key = find(ca, rules, pki::ossl::sha1(tbs.spki.key_bits));
    // The hash alone would leave the algorithm to whoever asks.
    if (key == nullptr || !pki::equal(key->spki, tbs.spki.encoding))
        return pki::fail(pki::Errc::not_found, "responder: no key of this process");
    return {};
}

pki::Result<pki::Buffer> ResponderKeys::sign(std::string_view ca, const CaRules& rules,
                                             pki::Bytes response_data, std::int64_t now) const {
    PKI_TRY(const auto data, check_ocsp(rules, response_data, now));
    const ResponderKey* const key = find(ca, rules, data.responder_key_hash);
    if (key == nullptr)
        return pki::fail(pki::Errc::not_found, "responder: no key of this process");
    return pki::ossl::sign(key->key.get(), key->scheme, response_data);
}

const ResponderKey* ResponderKeys::find(std::string_view ca, const CaRules& rules,
                                        pki::Bytes hash) const {
    const auto keys = keys_.find(Id(ca, rules.key_bits));
    if (keys == keys_.end()) return nullptr;
    for (const auto* key : {&keys->second.current, &keys->second.previous})
        if (*key && pki::equal((*key)->hash, hash)) return &**key;
    return nullptr;
}

void ResponderKeys::keep_those_of(const std::map<std::uint64_t, KeyRing>& generations) {
    std::erase_if(keys_, [&](const auto& entry) {
        const Id& id = entry.first;
        return std::ranges::none_of(generations, [&](const auto& generation) {
            const auto ca = generation.second.find(id.first);
            return ca != generation.second.end() && ca->second.rules.key_bits == id.second;
        });
    });
}

bool ResponderKeys::any(bool (*which)(const pki::ossl::SignatureScheme& scheme)) const {
    return std::ranges::any_of(keys_, [&](const auto& entry) {
        const Keys& keys = entry.second;
        return (keys.current && which(keys.current->scheme)) ||
               (keys.previous && which(keys.previous->scheme));
    });
}

}  // namespace signerd
