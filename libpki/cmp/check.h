// What the header of a request has to be (RFC 9810 5.1.1, RFC 9483 3.1 and 3.5), and who has
// signed it. Knows neither trust nor secrets.
#pragma once

#include "libpki/cmp/message.h"
#include "libpki/x509/cert.h"

namespace pki::cmp {

struct HeaderRules {
    std::int64_t now = 0;         // seconds since 1970
    std::int64_t clock_skew = 0;  // seconds; 0: messageTime is not looked at
    bool require_time = false;
};

// The first thing that is wrong, with the Reason of RFC 9483 3.5: unsupported_version,
// bad_data_format, bad_request, bad_sender_nonce, bad_recipient_nonce, bad_time. Not checked:
// whether transactionID and nonces go with messages before this one, and the protection.
Status check_header(const Message& message, const HeaderRules& rules);

// Does the header name this certificate as what the message is signed with: sender is its
// subject, senderKID its SubjectKeyIdentifier where it has one (RFC 9483 3.1)?
// bad_signature (Reason::bad_message_check).
Status check_sender(const Header& header, const x509::Certificate& certificate);

// The certificate that the message says it is signed with: the first of extraCerts (RFC 9483
// 3.3), or any other one that check_sender() takes. The error is that of the first.
Result<x509::Certificate> find_signer(const Message& message);

}  // namespace pki::cmp
