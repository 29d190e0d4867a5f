#include "libpki/wire/audit_row.h"

namespace pki::wire {

std::string_view name(Decision decision) {
    switch (decision) {
        case Decision::allow: return "allow";
        case Decision::deny: return "deny";
        case Decision::shed: return "shed";
        case Decision::pending: return "pending";
    }
    return "unknown";
}

Result<Buffer> canonical(const AuditRow& row) {
    FieldWriter writer;
    AuditRow::visit(writer, row);
    return std::move(writer).finish();
}

Result<AuditRow> parse_canonical(Bytes canonical) {
    AuditRow row;
    FieldReader reader(canonical);
    AuditRow::visit(reader, row);
    PKI_CHECK(reader.finish());
    return row;
}

}  // namespace pki::wire
