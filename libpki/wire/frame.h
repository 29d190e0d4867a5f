// Frames between nginx and signerd, and between signerctl and signerd.
//
//     uint32 length     bytes after this field, at most limits::kFrame
//     uint8  version    1
//     uint8  kind
//     uint16 reserved   0
//     uint64 id         chosen by the caller, echoed in the answer
//     fields            (uint8 tag, uint32 length, bytes), tags ascending; a list is one tag
//                       repeated
//
// All numbers are big-endian. Unknown versions, kinds and tags are refused: both ends are
// updated signerd first, and signerd keeps reading the versions before its own.
#pragma once

#include "libpki/base/bytes.h"
#include "libpki/base/limits.h"
#include "libpki/base/result.h"

namespace pki::wire {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kHeaderSize = 16;

// Requests are odd rows of the dispatch table; numbers are never reused.
enum class Kind : std::uint8_t {
    error_reply = 1,
    issue_request = 2,
    issue_reply = 3,
    ca_certs_request = 4,
    ca_certs_reply = 5,
    report_request = 6,
    report_reply = 7,
    status_request = 16,
    status_reply = 17,
    cert_list_request = 18,
    cert_show_request = 19,
    audit_page_request = 20,
    audit_page_reply = 21,
    json_reply = 22,
    revoke_request = 24,
    revoke_many_request = 25,
    crl_request = 26,
    crl_reply = 27,
    watch_request = 28,
    watch_reply = 29,
    ocsp_request = 30,
    ocsp_reply = 31,
    crl_publish_request = 32,
    pending_reply = 33,
    poll_request = 34,
    certificate_request = 35,
    issuer_crl_request = 36,
    next_ca_request = 37,
    request_list_request = 38,
    request_decide_request = 39,
    challenge_create_request = 40,
    ra_issue_request = 41,
    confirm_request = 42,
    transaction_reply = 43,
    cmp_revoke_request = 44,
    template_request = 45,
    template_reply = 46,
    root_update_request = 47,
    root_update_reply = 48,
    token_create_request = 49,
    token_list_request = 50,
    token_revoke_request = 51,
    csr_attributes_request = 52,
    csr_attributes_reply = 53,
};

struct Header {
    Kind kind = Kind::error_reply;
    std::uint64_t id = 0;
};

struct Frame {
    Header header;
    Bytes fields;  // a view into the input
};

// The size of the whole frame that starts here, or 0 when more than `in` is needed to know.
// malformed when the length is beyond limits::kFrame or too small for a header.
Result<std::size_t> frame_size(Bytes in);

// A complete frame and nothing behind it. unsupported for an unknown version or kind.
Result<Frame> parse_frame(Bytes in);

}  // namespace pki::wire
