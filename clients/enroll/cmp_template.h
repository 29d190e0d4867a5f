// What a server says that its certificates are made of.
#pragma once

#include <string>
#include <vector>

#include "clients/enroll/common.h"
#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace enroll {

// For people: "ec:P-256", "rsa", "ed25519", else the OID. From an AlgorithmIdentifier.
pki::Result<std::string> key_algorithm_text(pki::Bytes algorithm);

// From signKeyPairTypes and encKeyPairTypes: SEQUENCE OF AlgorithmIdentifier.
pki::Result<std::vector<std::string>> read_key_types(pki::Bytes value);

// CertReqTemplateContent (RFC 9810 5.3.19.16).
struct RequestTemplate {
    std::string subject;                  // RFC 4514; empty: none
    std::vector<std::string> extensions;  // OIDs
    std::vector<std::string> keys;        // "ec:P-256", "rsa:2048"; empty: any
};
pki::Result<RequestTemplate> read_template(pki::Bytes value);

}  // namespace enroll
