// Object identifiers of the templates (RFC 9908 appendix A), as the content octets of their
// DER.
#pragma once

#include "libpki/base/bytes.h"

namespace pki::est::oid {

#define PKI_TEMPLATE_OID(name, last)                                                     \
    inline constexpr std::uint8_t name##_octets[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, \
                                                     0x01, 0x09, 0x10, 0x02, last};      \
    inline constexpr Bytes name { name##_octets }

PKI_TEMPLATE_OID(kRequestTemplate, 0x3d);           // id-aa-certificationRequestInfoTemplate
PKI_TEMPLATE_OID(kExtensionRequestTemplate, 0x3e);  // id-aa-extensionReqTemplate

#undef PKI_TEMPLATE_OID

}  // namespace pki::est::oid
