#include "libpki/cmp/status.h"

#include <bit>

#include "libpki/cmp/free_text.h"

namespace pki::cmp {

namespace {

constexpr std::string_view kFailInfos[] = {
    "badAlg",
    "badMessageCheck",
    "badRequest",
    "badTime",
    "badCertId",
    "badDataFormat",
    "wrongAuthority",
    "incorrectData",
    "missingTimeStamp",
    "badPOP",
    "certRevoked",
    "certConfirmed",
    "wrongIntegrity",
    "badRecipientNonce",
    "timeNotAvailable",
    "unacceptedPolicy",
    "unacceptedExtension",
    "addInfoNotAvailable",
    "badSenderNonce",
    "badCertTemplate",
    "signerNotTrusted",
    "transactionIdInUse",
    "unsupportedVersion",
    "notAuthorized",
    "systemUnavail",
    "systemFailure",
    "duplicateCertReq",
};
static_assert(std::size(kFailInfos) == kLastFailInfo + 1);

FailInfo fail_info(Errc code) {
    switch (code) {
        case Errc::malformed: return FailInfo::bad_data_format;
        case Errc::unsupported: return FailInfo::bad_alg;
        // Which of them it was is not for the peer to know.
        case Errc::bad_signature:
        case Errc::unauthenticated: return FailInfo::bad_message_check;
        case Errc::weak_key: return FailInfo::bad_cert_template;
        case Errc::denied: return FailInfo::not_authorized;
        case Errc::conflict: return FailInfo::transaction_id_in_use;
        case Errc::not_found: return FailInfo::bad_cert_id;
        case Errc::limited:
        case Errc::unavailable: return FailInfo::system_unavail;
        case Errc::internal: return FailInfo::system_failure;
    }
    return FailInfo::system_failure;
}

// PKIFailureInfo: named bits, most significant first (X.690 8.6.2). nullopt when none is set
// that we know.
Result<std::optional<FailInfo>> read_fail_info(der::Reader& fields) {
    const std::size_t offset = fields.offset();
    PKI_TRY(const Bytes content, fields.content(der::kBitString));
    // X.690 8.6.2.2, 11.2.1: at most seven unused bits, all of them zero.
    if (content.empty() || content[0] > 7 || (content.size() == 1 && content[0] != 0) ||
        (content.back() & ((1u << content[0]) - 1) && content.size() > 1))
        return fail(Errc::malformed, "PKIFailureInfo: bad BIT STRING", offset);
    for (std::size_t i = 1; i < content.size(); i++) {
        if (content[i] == 0) continue;
        const std::size_t bit =
            (i - 1) * 8 + static_cast<std::size_t>(std::countl_zero(content[i]));
        if (bit > kLastFailInfo) break;
        return std::optional(static_cast<FailInfo>(bit));
    }
    return std::optional<FailInfo>();
}

// errorCode is anything that the peer counts in; one that we would not write reads as absent.
Result<std::optional<std::int64_t>> read_error_code(der::Reader& fields) {
    der::Reader copy = fields;
    PKI_CHECK(fields.content(der::kInteger));
    const auto code = copy.small_integer();
    if (!code || *code > INT64_MAX) return std::optional<std::int64_t>();
    return std::optional(static_cast<std::int64_t>(*code));
}

}  // namespace

std::string_view name(FailInfo info) {
    const auto bit = static_cast<std::size_t>(info);
    return bit <= kLastFailInfo ? kFailInfos[bit] : "unknown";
}

std::string_view name(PkiStatus status) {
    switch (status) {
        case PkiStatus::accepted: return "accepted";
        case PkiStatus::granted_with_mods: return "grantedWithMods";
        case PkiStatus::rejection: return "rejection";
        case PkiStatus::waiting: return "waiting";
        case PkiStatus::revocation_warning: return "revocationWarning";
        case PkiStatus::revocation_notification: return "revocationNotification";
        case PkiStatus::key_update_warning: return "keyUpdateWarning";
    }
    return "unknown";
}

FailInfo fail_info(const Error& error) {
    switch (error.reason) {
        case Reason::none: break;
        case Reason::bad_time: return FailInfo::bad_time;
        case Reason::bad_pop: return FailInfo::bad_pop;
        case Reason::bad_cert_id: return FailInfo::bad_cert_id;
        case Reason::bad_cert_template: return FailInfo::bad_cert_template;
        case Reason::bad_sender_nonce: return FailInfo::bad_sender_nonce;
        case Reason::bad_recipient_nonce: return FailInfo::bad_recipient_nonce;
        case Reason::bad_data_format: return FailInfo::bad_data_format;
        case Reason::bad_message_check: return FailInfo::bad_message_check;
        case Reason::wrong_integrity: return FailInfo::wrong_integrity;
        case Reason::wrong_authority: return FailInfo::wrong_authority;
        case Reason::signer_not_trusted: return FailInfo::signer_not_trusted;
        case Reason::not_authorized: return FailInfo::not_authorized;
        case Reason::transaction_id_in_use: return FailInfo::transaction_id_in_use;
        case Reason::cert_confirmed: return FailInfo::cert_confirmed;
        case Reason::cert_revoked: return FailInfo::cert_revoked;
        case Reason::unsupported_version: return FailInfo::unsupported_version;
        case Reason::add_info_not_available: return FailInfo::add_info_not_available;
        case Reason::unaccepted_policy: return FailInfo::unaccepted_policy;
        case Reason::unaccepted_extension: return FailInfo::unaccepted_extension;
        case Reason::bad_request: return FailInfo::bad_request;
        case Reason::bad_alg: return FailInfo::bad_alg;
        case Reason::duplicate_cert_req: return FailInfo::duplicate_cert_req;
    }
    return fail_info(error.code);
}

void write_status_info(der::Writer& writer, const PkiStatusInfo& info) {
    writer.sequence([&] {
        writer.integer(static_cast<std::uint64_t>(info.status));
        if (!info.text.empty()) write_free_text(writer, info.text);
        if (info.fail_info) writer.named_bits(1u << static_cast<unsigned>(*info.fail_info));
    });
}

// PKIStatusInfo ::= SEQUENCE { status, statusString OPTIONAL, failInfo OPTIONAL }
Result<PkiStatusInfo> read_status_info(der::Reader& fields) {
    PKI_TRY(der::Reader parts, fields.enter(der::kSequence));
    const std::size_t offset = parts.offset();
    PKI_TRY(const std::uint64_t status, parts.small_integer());
    if (status > static_cast<std::uint64_t>(PkiStatus::key_update_warning))
        return fail(Errc::malformed, "PKIStatusInfo: unknown status", offset);
    PkiStatusInfo info;
    info.status = static_cast<PkiStatus>(status);
    if (parts.next_is(der::kSequence)) {
        PKI_TRY(info.text, read_free_text(parts));
    }
    if (parts.next_is(der::kBitString)) {
        PKI_TRY(info.fail_info, read_fail_info(parts));
    }
    PKI_CHECK(parts.finish());
    return info;
}

Buffer build_error(const ErrorContent& content) {
    der::Writer w;
    w.sequence([&] {
        write_status_info(w, content.status);
        if (content.code) w.integer(static_cast<std::uint64_t>(*content.code));
        if (!content.details.empty()) write_free_text(w, content.details);
    });
    return std::move(w).take();
}

Result<ErrorContent> parse_error(Bytes body) {
    der::Reader input(body);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    ErrorContent content;
    PKI_TRY(content.status, read_status_info(fields));
    if (fields.next_is(der::kInteger)) {
        PKI_TRY(content.code, read_error_code(fields));
    }
    if (fields.next_is(der::kSequence)) {
        PKI_TRY(content.details, read_free_text(fields));
    }
    PKI_CHECK(fields.finish());
    return content;
}

}  // namespace pki::cmp
