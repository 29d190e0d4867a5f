#include "clients/signerctl/audit_chain.h"

#include <string>

namespace signerctl {

namespace {

pki::Error broken(std::uint64_t sequence, const std::string& why) {
    return pki::fail(pki::Errc::bad_signature, "audit: the chain is broken",
                     "sequence " + std::to_string(sequence) + ": " + why);
}

}  // namespace

pki::Status AuditChain::add(pki::Bytes canonical, pki::Bytes stored_hash) {
    const std::uint64_t expected = records_ + 1;
    const auto row = pki::wire::parse_canonical(canonical);
    if (!row) return broken(expected, row.error().message());
    if (row->sequence != expected)
        return broken(expected,
                      "the record here has sequence " + std::to_string(row->sequence));
    const pki::ossl::Sha256 hash = pki::ossl::sha256({head_, canonical});
    if (!pki::equal(hash, stored_hash))
        return broken(expected, "the hash does not match the records up to here");
    records_ = expected;
    head_ = hash;
    return {};
}

}  // namespace signerctl
