// The keys and certificates of t/vectors/cms, and what its messages hold. Include unit.h last.
#pragma once

#include <string>

#include "libpki/ossl/key.h"
#include "libpki/x509/cert.h"
#include "t/unit/unit.h"

namespace unit {

struct CmsParty {
    explicit CmsParty(const std::string& name)
        : certificate(read_vector("cms/" + name + ".der")),
          parsed(*pki::x509::parse_certificate(certificate)),
          key(*pki::ossl::read_private_key(read_vector("cms/" + name + ".pem"))) {}
    CmsParty(const CmsParty&) = delete;

    const pki::x509::Spki& spki() const { return parsed.tbs.spki; }

    pki::Buffer certificate;
    pki::x509::Certificate parsed;
    pki::ossl::PkeyPtr key;
};

inline std::string cms_content(int lines = 1) {
    std::string text;
    while (lines-- > 0) text += "content of a message\n";
    return text;
}

}  // namespace unit
