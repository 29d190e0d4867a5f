// A CA's files: their names, reading and writing them, and a report of what was written.
#pragma once

#include <string>
#include <vector>

#include "clients/signerctl/files.h"
#include "clients/signerctl/json.h"
#include "libpki/ossl/key.h"

namespace signerctl {

constexpr const char* kRootKeyFile = "root.key";
constexpr const char* kRootFile = "root.pem";
constexpr const char* kIssuingKeyFile = "issuing.key";
constexpr const char* kIssuingFile = "issuing.pem";
constexpr const char* kIssuingRequestFile = "issuing.csr";
constexpr const char* kChainFile = "chain.pem";  // the issuing certificate, then upwards
constexpr const char* kCrossFile = "cross.pem";  // of the old root, then of the new one

constexpr mode_t kKeyMode = 0600;
constexpr mode_t kPublicMode = 0644;

// PEM, or the DER of one certificate. At least one.
pki::Result<std::vector<pki::Buffer>> read_certificates(const std::string& path);
pki::Result<pki::ossl::PkeyPtr> read_key(const std::string& path);

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
