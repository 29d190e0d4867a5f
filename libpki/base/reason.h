// Why, where a protocol has its own word for it and the code alone would not tell.
#pragma once

#include <cstdint>

namespace pki {

// The numbers go over the wire: never reuse one.
enum class Reason : std::uint8_t {
    none = 0,
    // CMP (RFC 9810 5.2.3); the names are those of PKIFailureInfo.
    bad_time = 1,
    bad_pop = 2,
    bad_cert_id = 3,
    bad_cert_template = 4,
    bad_sender_nonce = 5,
    bad_recipient_nonce = 6,
    bad_data_format = 7,
    bad_message_check = 8,
    wrong_integrity = 9,
    wrong_authority = 10,
    signer_not_trusted = 11,
    not_authorized = 12,
    transaction_id_in_use = 13,
    cert_confirmed = 14,
    cert_revoked = 15,
    unsupported_version = 16,
    add_info_not_available = 17,
    unaccepted_policy = 18,
    unaccepted_extension = 19,
    bad_request = 20,
    bad_alg = 21,
    duplicate_cert_req = 22,
};

constexpr Reason kLastReason = Reason::duplicate_cert_req;

}  // namespace pki
