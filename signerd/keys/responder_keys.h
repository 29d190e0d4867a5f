// The keys of OCSP responders (RFC 6960 4.2.2.2): made in the key child, kept in its memory,
// and gone with it. One that is lost is replaced, so none ever has to lie in a file.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "signerd/keys/key.h"

namespace signerd {

struct ResponderKey {
    pki::ossl::PkeyPtr key;
    pki::ossl::SignatureScheme scheme;
    pki::Buffer spki;
    pki::ossl::Sha1 hash{};  // of its bits, as ResponseData names it
};

// Two of each CA at most. CAs are told apart by name and by key: a reload that brings another
// key under the same name brings a responder of its own.
class ResponderKeys {
   public:
    // SubjectPublicKeyInfo of the newest one. It is made where there is none, or `fresh`; then
    // the one before it stays.
    pki::Result<pki::Buffer> public_key(std::string_view ca, const CaRules& rules, bool fresh);
    // May this TBSCertificate be signed by the CA? not_found: it is for no key from here; else
    // as check_responder().
    pki::Status check_certificate(std::string_view ca, const CaRules& rules, pki::Bytes tbs,
                                  std::int64_t now) const;
    // The signature of a ResponseData, by the key that it names; not_found without that key,
    // else as check_ocsp().
    pki::Result<pki::Buffer> sign(std::string_view ca, const CaRules& rules,
                                  pki::Bytes response_data, std::int64_t now) const;

    // Drops the keys of CAs that are in no generation any more.
    void keep_those_of(const std::map<std::uint64_t, KeyRing>& generations);
    bool any(bool (*which)(const pki::ossl::SignatureScheme& scheme)) const;

   private:
    using Id = std::pair<std::string, pki::Buffer>;  // name and key bits
    struct Keys {
        std::optional<ResponderKey> current;
        std::optional<ResponderKey> previous;
    };

    const ResponderKey* find(std::string_view ca, const CaRules& rules, pki::Bytes hash) const;

    std::map<Id, Keys> keys_;
};

}  // namespace signerd
