// Revocation requests (RFC 9810 5.3.9, 5.3.10; RFC 9483 4.2).
#pragma once

#include <vector>

#include "libpki/cmp/status.h"
#include "libpki/x509/crl_reason.h"
#include "libpki/x509/crmf.h"

namespace pki::cmp {

struct RevocationDetails {
    Bytes issuer;  // Name; empty when absent
    Bytes serial;  // INTEGER content; empty when absent
    // reasonCode of crlEntryDetails; removeFromCRL releases from hold. unspecified when absent.
    x509::CrlReason reason = x509::CrlReason::unspecified;
};
// The body of rr. Exactly one RevDetails; several are malformed with Reason::bad_request.
// malformed with Reason::bad_data_format for a reason that RFC 5280 5.3.1 does not know, with
// Reason::add_info_not_available without issuer and serial.
Result<RevocationDetails> parse_rev_req(Bytes body);
Buffer build_rev_req(const RevocationDetails& details);

// The body of rp: one status and, when it was done, the CertId.
struct RevocationReply {
    PkiStatusInfo status;
    std::optional<x509::CertId> certificate;
};
Buffer build_rev_rep(const RevocationReply& reply);
Result<RevocationReply> parse_rev_rep(Bytes body);

}  // namespace pki::cmp
