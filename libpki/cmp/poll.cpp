// pollReq and pollRep (RFC 9810 5.3.22), of one request each.
#include "libpki/cmp/cert_req_id.h"
#include "libpki/cmp/certificate.h"
#include "libpki/cmp/free_text.h"

namespace pki::cmp {

namespace {

// The only entry of a SEQUENCE OF SEQUENCE.
Result<der::Reader> enter_only(Bytes body) {
    der::Reader input(body);
    PKI_TRY(der::Reader list, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(der::Reader entry, list.enter(der::kSequence));
    if (!list.at_end())
        return Error{Errc::malformed,
                     "CMP: several requests are polled for",
                     list.offset(),
                     {},
                     Reason::bad_request};
    return entry;
}

}  // namespace

Result<std::int64_t> parse_poll_req(Bytes body) {
    PKI_TRY(der::Reader fields, enter_only(body));
    PKI_TRY(const std::int64_t id, read_cert_req_id(fields));
    PKI_CHECK(fields.finish());
    return id;
}

Buffer build_poll_req(std::int64_t id) {
    der::Writer w;
    w.sequence([&] { w.sequence([&] { write_cert_req_id(w, id); }); });
    return std::move(w).take();
}

Buffer build_poll_rep(const PollRep& reply) {
    der::Writer w;
    const auto write_entry = [&] {
        write_cert_req_id(w, reply.id);
        w.integer(static_cast<std::uint64_t>(reply.check_after));
        if (!reply.reason.empty()) write_free_text(w, reply.reason);
    };
    w.sequence([&] { w.sequence(write_entry); });
    return std::move(w).take();
}

Result<PollRep> parse_poll_rep(Bytes body) {
    PKI_TRY(der::Reader fields, enter_only(body));
    PollRep reply;
    PKI_TRY(reply.id, read_cert_req_id(fields));
    const std::size_t offset = fields.offset();
    PKI_TRY(const std::uint64_t seconds, fields.small_integer());
    if (seconds > std::numeric_limits<std::int32_t>::max())
        return fail(Errc::malformed, "CMP: checkAfter too large", offset);
    reply.check_after = static_cast<std::int64_t>(seconds);
    if (!fields.at_end()) {
        PKI_TRY(reply.reason, read_free_text(fields));
    }
    PKI_CHECK(fields.finish());
    return reply;
}

}  // namespace pki::cmp
