// Which CRLs of a CA are due, and what they look like: no clock, no files.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "signerd/config.h"
#include "signerd/crl_make.h"

namespace signerd {

// Which list of a CA.
struct CrlKind {
    std::uint32_t partition = 0;
    bool delta = false;

    auto operator<=>(const CrlKind&) const = default;
};

// What is known of the lists of one CA.
struct CrlLine {
    std::map<CrlKind, CrlRecord> newest;
    std::vector<CrlRecord> before;  // their predecessors: somebody may be reading them
    std::uint64_t number = 0;       // the highest one used
    bool demanded = false;          // by a revocation
    bool anew = false;              // all of them, by the configuration or the operator
    std::int64_t not_before = 0;    // of the next round, unless the schedule brings it
    int failures = 0;               // in a row
    // Who asked for lists, for the next round.
    std::vector<std::function<void(const pki::Status& status)>> waiting;
};

struct CrlDue {
    std::set<CrlKind> kinds;  // empty: nothing is
    bool scheduled = false;
};

// At `now`, seconds since 1970.
CrlDue crl_due(const Ca& ca, const CrlLine& line, std::int64_t now);

// The list of this kind with the number of the line, up to its entries. For a delta there is a
// complete one.
CrlDraft crl_draft(const Ca& ca, const CrlLine& line, CrlKind kind, bool scheduled,
                   std::int64_t now);

// Over the CA's certificate and its rules for lists. One that was made by others is made anew,
// and is no base of a delta: both need one scope and one key (RFC 5280 5.2.4).
pki::ossl::Sha256 crl_form(const Ca& ca);

// The list, from 1, to which a certificate with this serial points; 0 without partitions.
std::uint32_t partition_of(const Ca& ca, pki::Bytes serial);

// The crl_urls of this partition.
std::vector<std::string> partition_urls(const Ca& ca, std::uint32_t partition);

}  // namespace signerd
