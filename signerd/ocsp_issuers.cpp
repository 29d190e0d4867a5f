#include "signerd/ocsp_issuers.h"

namespace signerd {

namespace x509 = pki::x509;
using pki::ossl::Hash;

namespace {

// Both hashes are as long as the algorithm says.
pki::Buffer key_of(Hash hash, pki::Bytes name_hash, pki::Bytes key_hash) {
    pki::Buffer key{static_cast<std::uint8_t>(hash)};
    pki::append(key, name_hash);
    pki::append(key, key_hash);
    return key;
}

}  // namespace

void OcspIssuers::add(const Ca& ca, pki::Bytes key_bits) {
    for (const Hash hash : {Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512}) {
        const x509::OcspIssuer issuer = x509::ocsp_issuer(hash, ca.subject, key_bits);
        cas_[key_of(hash, issuer.name_hash, issuer.key_hash)].push_back(&ca);
    }
}

std::span<const Ca* const> OcspIssuers::find(const x509::OcspCertId& id) const {
    const auto found = cas_.find(key_of(id.hash, id.issuer_name_hash, id.issuer_key_hash));
    if (found == cas_.end()) return {};
    return found->second;
}

}  // namespace signerd
