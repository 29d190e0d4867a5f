// Attributes of a CSR that say which key a private key is to be encrypted with: RFC 7030 4.4.1,
// RFC 4108 2.2.5, RFC 8551 2.5.2.
#pragma once

#include "libpki/base/bytes.h"

namespace pki::x509::oid {

inline constexpr std::uint8_t kDecryptKeyId_octets[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                                        0x01, 0x09, 0x10, 0x02, 0x25};
inline constexpr Bytes kDecryptKeyId{kDecryptKeyId_octets};
inline constexpr std::uint8_t kAsymmDecryptKeyId_octets[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                                             0x01, 0x09, 0x10, 0x02, 0x36};
inline constexpr Bytes kAsymmDecryptKeyId{kAsymmDecryptKeyId_octets};
inline constexpr std::uint8_t kSmimeCapabilities_octets[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                             0x0d, 0x01, 0x09, 0x0f};
inline constexpr Bytes kSmimeCapabilities{kSmimeCapabilities_octets};

}  // namespace pki::x509::oid
