// What every store checks before it takes a decision.
#pragma once

#include "signerd/store/store.h"

namespace signerd {

// Do its parts fit together, as Decided says? Nothing is issued or revoked that is not in the
// audit, and an answer gives nothing but its certificate.
bool consistent(const Decided& decided);

// The i-th record: `audit`, and then those of `more`.
const AuditRecord& record_at(const Decided& decided, std::size_t i);

}  // namespace signerd
