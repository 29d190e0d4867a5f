#include "libpki/cmc/status.h"

#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"
#include "libpki/base/time.h"
#include "libpki/base/utf8.h"
#include "libpki/cmc/limits.h"

namespace pki::cmc {

namespace {

std::optional<FailInfo> by_reason(Reason reason) {
    switch (reason) {
        case Reason::bad_alg: return FailInfo::bad_alg;
        case Reason::bad_message_check: return FailInfo::bad_message_check;
        case Reason::bad_time: return FailInfo::bad_time;
        case Reason::bad_cert_id: return FailInfo::bad_cert_id;
        case Reason::bad_pop: return FailInfo::pop_failed;
        case Reason::unaccepted_extension: return FailInfo::unsupported_ext;
        case Reason::signer_not_trusted:
        case Reason::cert_revoked: return FailInfo::bad_identity;
        default: return std::nullopt;
    }
}

FailInfo by_code(Errc code) {
    switch (code) {
        case Errc::unsupported:
        case Errc::weak_key: return FailInfo::bad_alg;
        case Errc::bad_signature: return FailInfo::pop_failed;
        case Errc::unauthenticated: return FailInfo::bad_identity;
        case Errc::malformed:
        case Errc::denied:
        case Errc::conflict:
        case Errc::not_found: return FailInfo::bad_request;
        case Errc::limited:
        case Errc::unavailable: return FailInfo::try_later;
        case Errc::internal: return FailInfo::internal_ca_error;
    }
    return FailInfo::internal_ca_error;
}

void write_pending(der::Writer& w, const PendInfo& pending) {
    w.sequence([&] {
        w.octet_string(pending.token);
        w.generalized_time(pending.time);
    });
}

Result<CmcStatus> read_status(der::Reader& fields) {
    const std::size_t offset = fields.offset();
    PKI_TRY(const std::uint64_t number, fields.small_integer());
    if (number == 1 || number > static_cast<std::uint64_t>(CmcStatus::partial))
        return fail(Errc::malformed, "CMC: cMCStatus", offset);
    return static_cast<CmcStatus>(number);
}

Result<std::vector<BodyPart>> read_parts(der::Reader& fields) {
    PKI_TRY(der::Reader list, fields.enter(der::kSequence));
    std::vector<BodyPart> parts;
    while (!list.at_end()) {
        const std::size_t offset = list.offset();
        PKI_TRY(const std::uint64_t number, list.small_integer());
        if (number > limits::kCmcBodyPart || parts.size() == limits::kCmcParts)
            return fail(Errc::malformed, "CMC: bodyList", offset);
        parts.push_back(static_cast<BodyPart>(number));
    }
    if (parts.empty()) return fail(Errc::malformed, "CMC: bodyList", list.offset());
    return parts;
}

Result<FailInfo> read_fail_info(der::Reader& fields) {
    const std::size_t offset = fields.offset();
    PKI_TRY(const std::uint64_t number, fields.small_integer());
    if (number > static_cast<std::uint64_t>(kLastFailInfo))
        return fail(Errc::malformed, "CMC: failInfo", offset);
    return static_cast<FailInfo>(number);
}

// PendInfo and ExtendedFailInfo are told apart by what they begin with.
Status read_other_info(StatusInfo& info, der::Reader& fields) {
    if (fields.next_is(der::kInteger)) {
        PKI_TRY(info.fail_info, read_fail_info(fields));
        return {};
    }
    PKI_TRY(der::Reader choice, fields.enter(der::kSequence));
    if (choice.next_is(der::kOid)) {
        PKI_CHECK(choice.oid());
        PKI_CHECK(choice.any());
        info.fail_info = FailInfo::internal_ca_error;
        return choice.finish();
    }
    PendInfo& pending = info.pending.emplace();
    PKI_TRY(const Bytes token, choice.content(der::kOctetString));
    pending.token = to_buffer(token);
    const std::size_t offset = choice.offset();
    PKI_TRY(const Bytes time, choice.content(der::kGeneralizedTime));
    const auto seconds = parse_time(der::kGeneralizedTime, time);
    if (!seconds) return fail(Errc::malformed, "CMC: pendTime", offset);
    pending.time = *seconds;
    return choice.finish();
}

}  // namespace

FailInfo fail_info(const Error& error) {
    return by_reason(error.reason).value_or(by_code(error.code));
}

// CMCStatusInfoV2 ::= SEQUENCE { cMCStatus, bodyList SEQUENCE OF BodyPartReference,
// statusString UTF8String OPTIONAL, otherInfo CHOICE { failInfo, pendInfo, ... } OPTIONAL }
Buffer build_status_info(const StatusInfo& info) {
    der::Writer w(info.text.size() + 64);
    w.sequence([&] {
        w.integer(static_cast<std::uint64_t>(info.status));
        w.sequence([&] {
            for (const BodyPart part : info.parts) w.integer(part);
        });
        if (!info.text.empty()) w.primitive(der::kUtf8String, as_bytes(info.text));
        if (info.fail_info) w.integer(static_cast<std::uint64_t>(*info.fail_info));
        if (info.pending) write_pending(w, *info.pending);
    });
    return std::move(w).take();
}

Result<StatusInfo> parse_status_info(Bytes value) {
    der::Reader input(value);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    StatusInfo info;
    PKI_TRY(info.status, read_status(fields));
    PKI_TRY(info.parts, read_parts(fields));
    if (fields.next_is(der::kUtf8String)) {
        const std::size_t offset = fields.offset();
        PKI_TRY(const Bytes text, fields.content(der::kUtf8String));
        if (!is_plain_text(as_text(text)))
            return fail(Errc::malformed, "CMC: statusString", offset);
        info.text = as_text(text);
    }
    if (!fields.at_end()) PKI_CHECK(read_other_info(info, fields));
    PKI_CHECK(fields.finish());
    return info;
}

}  // namespace pki::cmc
