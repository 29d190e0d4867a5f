// Object identifiers of the controls that we read, as the content octets of their DER (RFC 4211
// 6, RFC 9810 5.3.19.16).
#pragma once

#include "libpki/base/bytes.h"

namespace pki::x509::oid {

#define PKI_CONTROL_OID(name, last)                                                \
    inline constexpr std::uint8_t name##_octets[] = {0x2b, 0x06, 0x01, 0x05, 0x05, \
                                                     0x07, 0x05, 0x01, last};      \
    inline constexpr Bytes name { name##_octets }

PKI_CONTROL_OID(kRegToken, 0x01);
PKI_CONTROL_OID(kRegAuthenticator, 0x02);
PKI_CONTROL_OID(kRegOldCertId, 0x05);
PKI_CONTROL_OID(kRegAlgId, 0x0b);
PKI_CONTROL_OID(kRegRsaKeyLen, 0x0c);

#undef PKI_CONTROL_OID

}  // namespace pki::x509::oid
