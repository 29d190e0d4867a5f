// PKIStatusInfo (RFC 9810 5.2.3), and what our errors are called there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libpki/base/bytes.h"
#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"
#include "libpki/base/result.h"

namespace pki::cmp {

enum class PkiStatus : std::uint8_t {
    accepted = 0,
    granted_with_mods = 1,
    rejection = 2,
    waiting = 3,
    revocation_warning = 4,
    revocation_notification = 5,
    key_update_warning = 6,
};

// The bits of PKIFailureInfo, by number.
enum class FailInfo : std::uint8_t {
    bad_alg = 0,
    bad_message_check = 1,
    bad_request = 2,
    bad_time = 3,
    bad_cert_id = 4,
    bad_data_format = 5,
    wrong_authority = 6,
    incorrect_data = 7,
    missing_time_stamp = 8,
    bad_pop = 9,
    cert_revoked = 10,
    cert_confirmed = 11,
    wrong_integrity = 12,
    bad_recipient_nonce = 13,
    time_not_available = 14,
    unaccepted_policy = 15,
    unaccepted_extension = 16,
    add_info_not_available = 17,
    bad_sender_nonce = 18,
    bad_cert_template = 19,
    signer_not_trusted = 20,
    transaction_id_in_use = 21,
    unsupported_version = 22,
    not_authorized = 23,
    system_unavail = 24,
    system_failure = 25,
    duplicate_cert_req = 26,
};
constexpr std::uint8_t kLastFailInfo = 26;
std::string_view name(FailInfo info);     // "badAlg" …, as the RFC writes them
std::string_view name(PkiStatus status);  // "accepted" …

// The table: by reason where the error has one, else by code.
FailInfo fail_info(const Error& error);

struct PkiStatusInfo {
    PkiStatus status = PkiStatus::accepted;
    std::string text = {};                   // UTF-8; empty: none
    std::optional<FailInfo> fail_info = {};  // with a rejection
};
void write_status_info(der::Writer& writer, const PkiStatusInfo& info);
// The next element. A text of several languages is read up to the first; of several bits the
// first counts. malformed for a status that the RFC does not know.
Result<PkiStatusInfo> read_status_info(der::Reader& fields);

// ErrorMsgContent (RFC 9810 5.3.21): the body of an error message. With `code` our own
// errorCode.
struct ErrorContent {
    PkiStatusInfo status;
    std::optional<std::int64_t> code = {};
    std::string details = {};  // UTF-8
};
Buffer build_error(const ErrorContent& content);
Result<ErrorContent> parse_error(Bytes body);

}  // namespace pki::cmp
