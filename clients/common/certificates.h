// Certificates and keys in files, and what people want to know of a certificate.
#pragma once

#include <string>
#include <vector>

#include "libpki/ossl/key.h"

namespace clients {

constexpr mode_t kKeyMode = 0600;
constexpr mode_t kPublicMode = 0644;

// PEM, or the DER of one certificate. At least one.
pki::Result<std::vector<pki::Buffer>> read_certificates(const std::string& path);
pki::Result<pki::ossl::PkeyPtr> read_key(const std::string& path);

// All but the hash are empty when we cannot read the certificate.
struct CertificateFacts {
    std::string subject, serial, not_before, not_after;
    std::string sha256;  // of the DER, hexadecimal
};
CertificateFacts facts_of(pki::Bytes der);

}  // namespace clients
