// Which CA a CertID speaks of (RFC 6960 4.1.1).
#pragma once

#include <map>
#include <span>
#include <vector>

#include "libpki/x509/ocsp.h"
#include "signerd/config.h"

namespace signerd {

class OcspIssuers {
   public:
    // With the bits of its public key. The CA outlives this.
    void add(const Ca& ca, pki::Bytes key_bits);
    // Those of this name and key, which are one CA under several names in the configuration;
    // mostly one, or none.
    std::span<const Ca* const> find(const pki::x509::OcspCertId& id) const;

   private:
    std::map<pki::Buffer, std::vector<const Ca*>> cas_;  // by hash algorithm and both hashes
};

}  // namespace signerd
