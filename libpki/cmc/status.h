// What a PKI Response says of a request (RFC 5272 6.1).
#pragma once

#include <optional>
#include <string>

#include "libpki/cmc/data.h"

namespace pki::cmc {

// CMCStatus (6.1.3).
enum class CmcStatus : std::uint8_t {
    success = 0,
    failed = 2,
    pending = 3,
    no_support = 4,
    confirm_required = 5,
    pop_required = 6,
    partial = 7,
};

// CMCFailInfo (6.1.4).
enum class FailInfo : std::uint8_t {
    bad_alg = 0,
    bad_message_check = 1,
    bad_request = 2,
    bad_time = 3,
    bad_cert_id = 4,
    unsupported_ext = 5,
    must_archive_keys = 6,
    bad_identity = 7,
    pop_required = 8,
    pop_failed = 9,
    no_key_reuse = 10,
    internal_ca_error = 11,
    try_later = 12,
    auth_data_fail = 13,
};

constexpr FailInfo kLastFailInfo = FailInfo::auth_data_fail;

// What a refusal of ours is called: by its reason where it has one, else by its code.
FailInfo fail_info(const Error& error);

// PendInfo: what to ask with, and when.
struct PendInfo {
    Buffer token;
    std::int64_t time = 0;  // seconds since 1970
};

// CMCStatusInfoV2. The parts are those of the request; 0: all of it.
struct StatusInfo {
    CmcStatus status = CmcStatus::success;
    std::vector<BodyPart> parts;
    std::string text;                   // UTF-8; empty: none
    std::optional<FailInfo> fail_info;  // with failed alone
    std::optional<PendInfo> pending;    // with pending and partial alone
};

// The value of that control.
Buffer build_status_info(const StatusInfo& info);

// malformed: also a failInfo that RFC 5272 does not have, and paths, which belong to nested
// requests. An extendedFailInfo counts as internalCAError (6.1.1).
Result<StatusInfo> parse_status_info(Bytes value);

}  // namespace pki::cmc
