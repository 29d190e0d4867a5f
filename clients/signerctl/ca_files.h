// The names of a CA's files, and a report of what was written.
#pragma once

#include <string>
#include <vector>

#include "libpki/base/bytes.h"

namespace signerctl {

constexpr const char* kRootKeyFile = "root.key";
constexpr const char* kRootFile = "root.pem";
constexpr const char* kIssuingKeyFile = "issuing.key";
constexpr const char* kIssuingFile = "issuing.pem";
constexpr const char* kIssuingRequestFile = "issuing.csr";
constexpr const char* kChainFile = "chain.pem";  // the issuing certificate, then upwards

struct Written {
    std::vector<std::string> files;
    std::vector<pki::Bytes> certificates;  // DER; their subjects and SHA-256 are told
};

// JSON: {"files":[...],"certificates":[{"subject","serial","not_after","sha256"}]}
void report(const Written& written, bool json);

}  // namespace signerctl
