// CAs and their certificates as messages name them: by the issuer's name and a serial.
#pragma once

#include "signerd/store/store.h"
#include "signerd/successor.h"

namespace signerd {

// The CAs of the tenant of `own` that have this subject (Name). CAs that take each other's
// place may share it: `own` comes first. malformed when the issuer is no name.
pki::Result<std::vector<const Ca*>> cas_named(const Cas& cas, const Ca& own, pki::Bytes issuer);

// A certificate of one of these; `serial` is a magnitude, or an INTEGER's content. nullopt:
// none has it. Errors are those of cas_named() and of the store.
pki::Result<std::optional<CertificateRecord>> find_issued(Store& store, const Cas& cas,
                                                          const Ca& own, pki::Bytes issuer,
                                                          pki::Bytes serial);

}  // namespace signerd
