// The types of InfoTypeAndValue (id-it, RFC 9810 5.1.1 and 5.3.19), as OID contents.
#pragma once

#include "libpki/base/bytes.h"

namespace pki::cmp {

#define PKI_ID_IT(name, number)                                                 \
    inline constexpr std::uint8_t name##_octets[] = {0x2b, 0x06, 0x01, 0x05,    \
                                                     0x05, 0x07, 0x04, number}; \
    inline constexpr Bytes name { name##_octets }

PKI_ID_IT(kCaProtEncCert, 1);
PKI_ID_IT(kSignKeyPairTypes, 2);
PKI_ID_IT(kEncKeyPairTypes, 3);
PKI_ID_IT(kPreferredSymmAlg, 4);
PKI_ID_IT(kCurrentCrl, 6);
PKI_ID_IT(kUnsupportedOids, 7);
PKI_ID_IT(kImplicitConfirm, 13);
PKI_ID_IT(kConfirmWaitTime, 14);
PKI_ID_IT(kOrigPkiMessage, 15);
PKI_ID_IT(kCaCerts, 17);
PKI_ID_IT(kRootCaKeyUpdate, 18);
PKI_ID_IT(kCertReqTemplate, 19);
PKI_ID_IT(kRootCaCert, 20);
PKI_ID_IT(kCertProfile, 21);
PKI_ID_IT(kCrlStatusList, 22);
PKI_ID_IT(kCrls, 23);

#undef PKI_ID_IT

}  // namespace pki::cmp
