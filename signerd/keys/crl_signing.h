// The CRL that the key child is signing: one at a time, in parts. It is parsed as it comes and
// nothing of it is kept but what is checked at its end (with EdDSA, all of it).
#pragma once

#include <map>
#include <optional>

#include "libpki/ossl/signature_stream.h"
#include "libpki/x509/crl.h"
#include "signerd/keys/key.h"

namespace signerd {

class CrlSigning {
   public:
    // Drops the list before, if that was not finished. `size` of the TBSCertList; malformed
    // when it is empty or beyond limits::kCrl.
    pki::Status begin(const CaKey& ca, std::uint64_t generation, std::uint64_t size);
    // The next part of it; the signature behind the last one, empty before. Behind an error the
    // list is gone. `now`: seconds since 1970.
    pki::Result<pki::Buffer> add(pki::Bytes part, std::int64_t now);
    // Drops the list when its key is of another generation: that has been put out.
    void keep(std::uint64_t generation);

   private:
    struct List {
        std::uint64_t generation;
        CaRules rules;
        pki::x509::TbsCrlReader reader;
        pki::ossl::SignatureStream stream;
        std::uint64_t left;  // bytes to come
    };
    // Who issues: the CA's name and key identifier, whatever the configuration calls it.
    using Issuer = std::pair<pki::Buffer, pki::Buffer>;

    pki::Result<pki::Buffer> add_to(List& list, pki::Bytes part, std::int64_t now);
    pki::Result<pki::Buffer> finish(List& list, std::int64_t now);

    std::optional<List> list_;
    std::map<Issuer, std::uint64_t> highest_;  // number signed so far
};

}  // namespace signerd
