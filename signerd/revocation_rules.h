// What may become of a certificate: the rules of revoking and releasing, without doing it.
#pragma once

#include <string>

#include "signerd/store/store.h"

namespace signerd {

// Of a request. malformed for a number that is none, and for removeFromCRL, which is no reason
// to revoke.
pki::Result<pki::x509::CrlReason> reason_to_revoke(std::uint8_t number);

// "keyCompromise, since 2026-11-20T17:00:00Z"
std::string revocation_text(const Revocation& revocation);

// conflict when it is revoked already, with two exceptions: from certificateHold to any other
// reason, and from any reason to keyCompromise. The date stays the first one then.
// keyCompromise blocks the key.
pki::Result<RevocationChange> revoke(const CertificateRecord& record,
                                     pki::x509::CrlReason reason, std::int64_t now);

// conflict unless it is on hold.
pki::Result<RevocationChange> release(const CertificateRecord& record);

}  // namespace signerd
