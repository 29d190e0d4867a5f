// One audit record as JSON: what `audit list --json` prints and `audit export` writes.
#pragma once

#include "clients/common/json.h"
#include "clients/signerctl/common.h"
#include "libpki/wire/audit_row.h"

namespace signerctl {

// Every field of the row under its name in AuditRow; time in ISO 8601 with microseconds,
// enumerations by name, "reason" empty with allow. "canonical" is base64 of the bytes that
// the chain covers, "hash" the hexadecimal chain hash.
JsonPtr audit_json(const pki::wire::AuditRow& row, pki::Bytes canonical, pki::Bytes hash);

struct ExportedRow {
    pki::Buffer canonical;
    pki::Buffer hash;
};

// A line of an export. malformed when a field says other than the canonical bytes, is
// missing, or is one too many: readers of the JSON must see what the chain vouches for.
// Not checked: the hash.
pki::Result<ExportedRow> parse_audit_json(pki::Bytes line);

// "2026-11-20T17:00:00.000001Z"
std::string iso8601_micros(std::int64_t microseconds);

// Name of an AuditRow's reason, empty for 0.
std::string reason_text(std::uint8_t reason);

}  // namespace signerctl
