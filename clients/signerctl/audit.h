// Reading the audit log, from signerd and from an exported file.
#pragma once

#include <functional>

#include "clients/signerctl/connection.h"
#include "libpki/wire/audit_row.h"

namespace signerctl {

struct AuditEntry {
    pki::wire::AuditRow row;  // views into canonical
    pki::Bytes canonical;
    pki::Bytes hash;
};

struct AuditRange {
    std::uint64_t after = 0;  // sequence
    std::uint64_t limit = 0;  // records; 0: all
};

using AuditVisitor = std::function<pki::Status(const AuditEntry& entry)>;

// Page after page from signerd, in order. Stops at the first Error.
pki::Status read_audit(Connection& connection, const AuditRange& range,
                       const AuditVisitor& visit);

using ExportVisitor = std::function<pki::Status(pki::Bytes canonical, pki::Bytes hash)>;

// Line after line of an export; an Error's detail names the line.
pki::Status read_audit_file(const std::string& path, const ExportVisitor& visit);

}  // namespace signerctl
