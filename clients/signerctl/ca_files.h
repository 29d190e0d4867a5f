// A CA's files: their names, writing them, and a report of what was written.
#pragma once

#include <string>
#include <vector>

#include "clients/common/certificates.h"
#include "clients/common/files.h"
#include "clients/common/json.h"
#include "clients/signerctl/common.h"

namespace signerctl {

constexpr const char* kRootKeyFile = "root.key";
constexpr const char* kRootFile = "root.pem";
constexpr const char* kIssuingKeyFile = "issuing.key";
constexpr const char* kIssuingFile = "issuing.pem";
constexpr const char* kIssuingRequestFile = "issuing.csr";
constexpr const char* kChainFile = "chain.pem";  // the issuing certificate, then upwards
constexpr const char* kCrossFile = "cross.pem";  // of the old root, then of the new one

struct Written {
    std::vector<std::string> files;
    std::vector<pki::Bytes> certificates;  // DER; their subjects and SHA-256 are told
};

// JSON: {"files":[...],"certificates":[{"subject","serial","not_after","sha256"}]} and, when it
// is not nullptr, "signerd_json": what belongs into that file.
void report(const Written& written, bool json, json_t* signerd_json = nullptr);

// Files of which none may exist yet, and a report of them.
pki::Status write_new(const std::vector<FileContent>& files,
                      std::vector<pki::Bytes> certificates, bool json,
                      json_t* signerd_json = nullptr);

}  // namespace signerctl
