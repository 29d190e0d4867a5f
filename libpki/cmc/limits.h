// Bounds of Full PKI Requests, beside those of base/limits.h.
#pragma once

#include "libpki/base/limits.h"

namespace pki::limits {

constexpr std::size_t kCmcBody = 2 * kFullCmc;      // of it in base64, with line breaks and air
constexpr std::size_t kCmcParts = 64;               // controls, requests and messages in one
constexpr std::size_t kCmcTransaction = 64;         // octets of a transactionId
constexpr std::size_t kCmcNonce = 64;               // octets of a nonce
constexpr std::size_t kCmcDataReturn = 16 * 1024;   // octets that are to be sent back
constexpr std::uint64_t kCmcBodyPart = 0xffffffff;  // bodyIdMax (RFC 5272 3.2.2)

}  // namespace pki::limits
