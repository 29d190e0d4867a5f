// The certificate that a SCEP message is signed with. A client that has none yet makes one for
// itself (RFC 8894 2.3), and what devices make is no example of RFC 5280.
#pragma once

#include "libpki/x509/cert.h"

namespace pki::scep {

// As x509::parse_certificate(), and where that refuses the certificate for what a mere bearer
// of a key and a name does not need, key, names, serial and signature alone: version 2, serial
// numbers of any value, any validity, any extensions, unique identifiers, names with values
// that no name may have. Fields that cannot be read are left empty: a name keeps its encoding
// and has no attributes. Such a certificate identifies a message and nobody: renewal goes by
// what x509::parse_certificate() accepts.
Result<x509::Certificate> parse_signer(Bytes der);

// Subject and issuer are the same, and its own key verifies it, SHA-1 and MD5 included. Tells
// an initial request from others, and proves nothing else.
bool self_issued(const x509::Certificate& certificate);

}  // namespace pki::scep
