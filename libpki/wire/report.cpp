#include "libpki/wire/report.h"

namespace pki::wire {

Result<Buffer> encode_decision(const ReportedDecision& decision) {
    FieldWriter writer;
    ReportedDecision::visit(writer, decision);
    return std::move(writer).finish();
}

Result<ReportedDecision> decode_decision(Bytes fields) {
    ReportedDecision decision;
    FieldReader reader(fields);
    ReportedDecision::visit(reader, decision);
    PKI_CHECK(reader.finish());
    if (decision.credential == Credential::challenge)
        return fail(Errc::malformed, "report: credential");
    return decision;
}

}  // namespace pki::wire
