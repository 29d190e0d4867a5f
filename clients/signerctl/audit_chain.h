// Recomputes the audit log's chain of hashes (libpki/wire/audit_row.h), believing nobody.
#pragma once

#include "libpki/ossl/digest.h"
#include "libpki/wire/audit_row.h"

namespace signerctl {

class AuditChain {
   public:
    // The next record. An Error names its sequence: malformed, out of sequence, or with a
    // hash that is not that of the chain. Not to be called again after an Error.
    pki::Status add(pki::Bytes canonical, pki::Bytes stored_hash);

    std::uint64_t records() const { return records_; }
    const pki::ossl::Sha256& head() const { return head_; }

   private:
    std::uint64_t records_ = 0;
    pki::ossl::Sha256 head_{};
};

}  // namespace signerctl
