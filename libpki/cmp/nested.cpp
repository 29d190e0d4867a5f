#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/cmp/general.h"

namespace pki::cmp {

// NestedMessageContent ::= PKIMessages (RFC 9810 5.1.3.5).
Result<std::vector<Bytes>> parse_nested(Bytes body) {
    der::Reader input(body);
    PKI_TRY(der::Reader list, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    std::vector<Bytes> messages;
    do {
        if (messages.size() == limits::kCmpNested)
            return fail(Errc::malformed, Reason::bad_request, "CMP: too many nested messages");
        PKI_TRY(const der::Element message, list.element(der::kSequence));
        messages.push_back(message.encoding);
    } while (!list.at_end());
    return messages;
}

Buffer build_nested(const std::vector<Bytes>& messages) {
    der::Writer w;
    w.sequence([&] {
        for (const Bytes message : messages) w.raw(message);
    });
    return std::move(w).take();
}

}  // namespace pki::cmp
